import { suite } from "uvu";
import * as assert from "uvu/assert";
import { progressText } from "../../src/notebook/progress";
import { progressOf } from "../../src/notebook/progress-of";
import { train } from "../../src/train/train";
import { quadraticRun, settingsOf } from "../support/analytic-runs";

const test = suite("notebook/progress-of");
const end = { step: 8, forwardPasses: 16 };

test("a bar tells the loss of the last step; of a run for another objective that objective, which it was minus", async () => {
  const settings = settingsOf({ budget: { kind: "steps", steps: 3 } });
  const { header, steps } = await train(quadraticRun({ settings }));
  const { step, forwardPasses, loss } = steps.at(-1)!;
  const count = { step, steps: 8, forwardPasses, totalForwardPasses: 16 };
  assert.equal(progressOf({ header, steps }, end), { ...count, loss });
  const metric = { kind: "metric", metric: "accuracy" } as const;
  const other = { ...header, settings: { ...settings, objective: metric } };
  const told = progressOf({ header: other, steps }, end);
  assert.equal(told, { ...count, objective: -loss });
  assert.match(progressText("mine", told, 1000), `step 3/8 \u00b7 objective ${(-loss).toFixed(4)} \u00b7`);
  assert.equal(progressOf({ header, steps: [] }, end), { step: 0, steps: 8, forwardPasses: 0, totalForwardPasses: 16 });
});

test.run();
