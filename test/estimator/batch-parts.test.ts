import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { referenceSession } from "../../src/engine/reference/session";
import { meanOverParts, partsOf } from "../../src/estimator/batch-parts";
import { estimate } from "../../src/estimator/estimate";
import { createWorkspace } from "../../src/estimator/workspace";
import { NO_STATE } from "../../src/estimator/state";
import { lamb } from "../../src/optimizer/recipes/lamb";
import { step } from "../../src/optimizer/step";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { classifierObjective, type LabelledBatch } from "../../src/task/classifier";
import { dividedBatch } from "../../src/task/divided-batch";
import type { Readout } from "../../src/task/readout";
import { near, relativeError } from "../support/near";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("estimator/batch-parts");
const folder = scratch();
test.after(() => folder.remove());

test("loss and gradient are the sum of the parts' by their shares, in float64 and rounded once", async () => {
  const into = new Float32Array(2);
  const parts = [
    { batch: "a", share: 0.25 },
    { batch: "b", share: 0.75 },
  ];
  const loss = await meanOverParts(parts, into, async (batch) =>
    batch === "a" ? { loss: 4, gradient: [1e8, 1] } : { loss: 8, gradient: [-1e8 / 3, 2] },
  );
  assert.is(loss, 7);
  near(into, [0, 1.75], 1e-7);
});

const { model, batch: input } = tinyModel("bert");
const ids = Array.from({ length: 2 }, () => input.ids).flat();
const classes = 3;
const batch: LabelledBatch = { input: { ids }, labels: ids.map((_, i) => i % classes) };
const readout = {
  classes,
  width: model.width,
  rows: normals(randomKey(5, "check"), classes * model.width),
  scale: 1,
} as Readout;

test("a batch is divided into neighbouring texts, as equal as can be, or into as many parts as it has texts", () => {
  for (const parts of [1, 2, 3, ids.length, 100]) {
    const divided = dividedBatch(batch, parts);
    assert.is(divided.length, Math.min(parts, ids.length));
    assert.equal(divided.flatMap((part) => part.batch.input.ids), ids); // prettier-ignore
    assert.equal(divided.flatMap((part) => part.batch.labels), batch.labels); // prettier-ignore
    const sizes = divided.map((part) => part.batch.labels.length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
    near([divided.reduce((sum, { share }) => sum + share, 0)], [1], 1e-12);
  }
  const scored = ids.map(({ length }) => length - 1);
  const [, second] = dividedBatch({ ...batch, input: { ids, scored, targets: scored } }, 2);
  const half = Math.floor(ids.length / 2);
  assert.equal([second!.batch.input.scored, second!.batch.input.targets], [scored.slice(half), scored.slice(half)]);
});

for (const spec of [
  { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] },
  { kind: "full", layers: "all" },
] as const)
  // prettier-ignore
  test(`${spec.kind}: the gradient of a batch in parts is that of the whole batch, on the reference and on ONNX Runtime`, async () => {
    const adapter = makeAdapter(spec, model);
    const point = adapter.initial(1).map((value, i) => value + 0.02 * Math.sin(i));
    const whole: Float32Array[] = [];
    for (const open of [
      () => Promise.resolve(referenceSession(model, adapter)),
      () => onnxSession(model, adapter, { threads: 1, cacheDirectory: folder.file("cache") }),
    ]) {
      const session = await open();
      const objective = classifierObjective(session, readout);
      const losses: number[] = [];
      for (const parts of [undefined, 2, 5]) {
        const workspace = createWorkspace(point.length);
        const asked = { seed: 0, step: 0, queries: 1, directions: { kind: "gaussian" }, batch } as const;
        const found = await estimate({ kind: "backpropagation", ...(parts && { parts }) }, objective, point, asked, workspace); // prettier-ignore
        const passes = Math.min(parts ?? 1, ids.length);
        assert.equal([found.forwardPasses, found.backwardPasses], [passes, passes]);
        losses.push(found.loss);
        whole.push(workspace.gradient);
      }
      near(losses, losses.map(() => losses[0]!), 1e-6); // prettier-ignore
      // A step of LAMB too, which the whole batch takes block by block where the engine gives blocks.
      const here = { seed: 0, step: 0, epoch: 0, layout: adapter.layout, batch, state: NO_STATE };
      const [one, three] = await Promise.all(
        [lamb(), lamb({ parts: 3 })].map((method) => step(method, objective, point, here)),
      );
      near([one!.estimate.loss, one!.estimate.gradientNorm!], [three!.estimate.loss, three!.estimate.gradientNorm!], 1e-5); // prettier-ignore
      await session.dispose();
    }
    for (const gradient of whole) assert.ok(relativeError(gradient, whole[0]!) < 1e-4);
  });

test("an objective whose batches cannot be divided is refused, saying why", () => {
  const whole = { losses: async () => [], derivatives: async () => ({ loss: 0, derivatives: [] }) };
  assert.equal(partsOf("probe.parts", whole, "batch", 1), [{ batch: "batch", share: 1 }]);
  throwsWith(() => partsOf("probe.parts", whole, "batch", 2), "probe.parts: expected 1: this objective's loss is no mean over texts, so its batches are taken whole, got 2"); // prettier-ignore
});

test.run();
