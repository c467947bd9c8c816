import { suite } from "uvu";
import * as assert from "uvu/assert";
import { plannedEnd, plannedEnds } from "../../src/notebook/planned-end";
import { adazeta, mezo } from "../../src/optimizer/recipes";
import { train } from "../../src/train/train";
import { quadraticRun, settingsOf } from "../support/analytic-runs";

const test = suite("notebook/planned-end");
const start = { step: 0, forwardPasses: 0 };
const passes = (forwardPasses: number) => ({ kind: "forward-passes", forwardPasses }) as const;

test("a budget of passes ends where no further step is paid for", () => {
  const four = mezo({ queries: 4 });
  assert.equal(plannedEnd(settingsOf({ method: four, budget: passes(240) }), start), { step: 30, forwardPasses: 240 });
  assert.equal(plannedEnd(settingsOf({ method: four, budget: passes(239) }), start), { step: 29, forwardPasses: 232 });
  const twelve = { kind: "steps", steps: 12 } as const;
  assert.equal(plannedEnd(settingsOf({ method: four, budget: twelve }), start), { step: 12, forwardPasses: 96 });
  // From where a run stands when its queries were changed: 40 passes left at 2 each.
  const now = { step: 25, forwardPasses: 200 };
  assert.equal(plannedEnd(settingsOf({ method: mezo(), budget: passes(240) }), now), { step: 45, forwardPasses: 240 });
});

test("it is where the run does end, with a schedule too", async () => {
  const method = adazeta({ learningRate: 0.01, exponent: { target: 8, epochs: 5 }, cap: 6 });
  for (const budget of [passes(173), { kind: "steps", steps: 17 } as const]) {
    const settings = settingsOf({ method, budget });
    const { end } = await train(quadraticRun({ settings }));
    assert.equal(plannedEnd(settings, start), { step: end.step, forwardPasses: end.forwardPasses });
  }
});

test("a run that goes is counted once, and again when its queries are changed by hand", async () => {
  const settings = settingsOf({ method: mezo(), budget: passes(240) });
  const { header, steps } = await train(quadraticRun({ settings }));
  const endOf = plannedEnds();
  const first = endOf({ header, steps: steps.slice(0, 1), changes: [] });
  assert.equal([first.step, first.forwardPasses], [120, 240]);
  assert.is(endOf({ header, steps: steps.slice(0, 60), changes: [] }), first);
  // 120 passes are left after step 60, at 8 each.
  const changes = [{ step: 60, change: { queries: { kind: "constant", value: 4 } } }] as never;
  const then = endOf({ header, steps: steps.slice(0, 60), changes });
  assert.equal([then.step, then.forwardPasses], [75, 240]);
});

test.run();
