import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { compile } from "../../src/engine/onnx/compile";
import { packBatch } from "../../src/engine/onnx/geometry";
import { gradientBytes } from "../../src/engine/onnx/kept-memory";
import { onnxSession } from "../../src/engine/onnx/session";
import { referenceDerivatives64 } from "../../src/engine/reference/session";
import type { PullBack, RowLoss, TokenBatch } from "../../src/engine/session";
import type { Model } from "../../src/model/model";
import { tokenScorer } from "../../src/model/token-scorer";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { crossEntropy, crossEntropyGradient } from "../../src/task/loss";
import { featureGradient, labelLoss, scores } from "../../src/task/readout";
import type { Readout } from "../../src/task/readout";
import { near } from "../support/near";
import { classLoss } from "../support/row-losses";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";
import { tinyModel, tinyModelNames } from "../support/tiny-models";

// Losses that the engine computes itself. Every adapter and precision is in common/engines.
const test = suite("engine/row-loss");
const folder = scratch();
test.after(() => folder.remove());

const lora: AdapterSpec = { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] };
const whole: AdapterSpec = { kind: "full", layers: "all" };
const open = (model: Model, spec: AdapterSpec, recompute = false) =>
  onnxSession(model, makeAdapter(spec, model), { threads: 1, cacheDirectory: folder.file("cache"), recompute });
const pointOf = (model: Model, spec: AdapterSpec): Float32Array =>
  makeAdapter(spec, model)
    .initial(3)
    .map((value, i) => value + 0.02 * Math.sin(i));

for (const name of tinyModelNames)
  test(`${name}: loss and gradient of labels in one graph are those of a readout that is pulled back, and float64's`, async () => {
    const { model, batch } = tinyModel(name);
    const labels = batch.ids.map((_, b) => b % 3);
    const rows = normals(randomKey(8, "check"), 3 * model.width);
    const readout: Readout = { rows, classes: 3, width: model.width, scale: 5, bias: Float32Array.of(0.5, 0, -1) };
    const loss = labelLoss(readout, labels);
    let mean = NaN;
    const pullBack: PullBack = (features) => {
      const at = scores(readout, features);
      mean = crossEntropy(at, 3, labels).mean;
      return featureGradient(readout, crossEntropyGradient(at, 3, labels));
    };
    for (const spec of [lora, whole]) {
      const point = pointOf(model, spec);
      const exact = referenceDerivatives64(model, makeAdapter(spec, model), point, batch, loss);
      const session = await open(model, spec);
      const one = await session.gradient!(point, batch, loss);
      const two = await session.gradient!(point, batch, pullBack);
      await session.dispose();
      assert.is(two.losses, undefined);
      near(one.losses!, exact.losses!, 2e-5, "losses");
      near([one.losses!.reduce((sum, value) => sum + value / labels.length, 0)], [mean], 1e-5, "mean");
      near(one.features.data, two.features.data, 1e-5, "features");
      near(one.gradient, exact.gradient, 1e-4, "gradient");
      near(one.gradient, two.gradient, 1e-5, "two ways");
    }
  });

test("of token scores the weights alone decide: masked tokens count nothing, and the gradient has the bits of the pull-back's", async () => {
  for (const name of ["llama", "bert-masked"] as const) {
    const { model: bare, batch: texts } = tinyModel(name);
    const model = tokenScorer(bare);
    const scored = texts.ids.map((ids) => ids.map((_, at) => at));
    const batch: TokenBatch = {
      ids: texts.ids,
      scored,
      targets: texts.ids.map((ids) => ids.map((id) => (id + 3) % 50)),
    };
    const weights = texts.ids.flat().map((_, k) => (k % 2 === 0 ? 0 : -1 / 8));
    const point = pointOf(model, lora);
    const session = await open(model, lora);
    const one = await session.gradient!(point, batch, { weights, classes: null });
    const two = await session.gradient!(point, batch, () => Float32Array.from(weights));
    assert.equal(one.losses, one.features.data);
    assert.equal(one.features.data, two.features.data);
    near(one.gradient, two.gradient, 1e-6);
    const exact = referenceDerivatives64(model, makeAdapter(lora, model), point, batch, { weights, classes: null });
    near(one.gradient, exact.gradient, 1e-4);
    await session.dispose();
  }
});

test("of classes a row of weight 0 gives no gradient, and the loss of a row is its own", async () => {
  const { model, batch } = tinyModel("llama");
  const session = await open(model, lora);
  const point = pointOf(model, lora);
  const loss = classLoss(model, batch);
  const all = await session.gradient!(point, batch, loss);
  const none: RowLoss = { ...loss, weights: batch.ids.map(() => 0) };
  const still = await session.gradient!(point, batch, none);
  assert.ok(still.gradient.every((value) => value === 0));
  assert.equal(still.losses, all.losses);
  await session.dispose();
});

test("one graph has no way back of its own; with recomputation, or block by block, there are graphs as before, and it keeps half as much", async () => {
  const { model, batch } = tinyModel("bert");
  const form = { classes: 3, offset: null };
  const made = async (spec: AdapterSpec, how: { readonly recompute?: boolean; readonly blocks?: boolean }) => {
    const options = { fused: false, prefix: true, form, known: true, ...how };
    const { back } = await compile(model, makeAdapter(spec, model), "gradient", folder.file("cache"), options);
    return back!;
  };
  const one = await made(lora, {});
  assert.is(one.blocks.length, 0);
  assert.ok(one.together!.length > 0);
  const apart = { ...one, together: null };
  const kept = gradientBytes(apart, packBatch(batch)) - gradientBytes(one, packBatch(batch));
  assert.ok(kept > 0 && gradientBytes(one, packBatch(batch)) >= kept);
  for (const [spec, how] of [
    [lora, { recompute: true }],
    [whole, { blocks: true }],
  ] as const) {
    const back = await made(spec, how);
    assert.is(back.together, null);
    assert.ok(back.blocks.length > 0);
  }
});

test("block by block and recomputed, an engine's own loss has the gradient of one graph", async () => {
  const { model, batch } = tinyModel("llama-tied");
  const loss = classLoss(model, batch);
  for (const spec of [lora, whole]) {
    const point = pointOf(model, spec);
    const exact = referenceDerivatives64(model, makeAdapter(spec, model), point, batch, loss);
    for (const recompute of [false, true]) {
      const session = await open(model, spec, recompute);
      const found = await session.gradient!(point, batch, loss);
      await session.dispose();
      near(found.losses!, exact.losses!, 2e-5);
      near(found.gradient, exact.gradient, 1e-4);
    }
  }
});

test("calls in a row with other rows, labels and batches do not mix; a loss that does not fit is refused, and the next is right", async () => {
  const { model, batch } = tinyModel("bert");
  const other = { ids: [...batch.ids].reverse().slice(1) };
  const session = await open(model, lora);
  const point = pointOf(model, lora);
  const adapter = makeAdapter(lora, model);
  const twice = (loss: RowLoss): RowLoss => ({
    weights: loss.weights,
    classes: { ...loss.classes!, rows: Array.from(loss.classes!.rows, (value) => 2 * value) },
  });
  const asked = [batch, other].flatMap((on) =>
    [classLoss(model, on), twice(classLoss(model, on))].map((loss) => ({ on, loss })),
  );
  const found = await Promise.all(asked.map(({ on, loss }) => session.gradient!(point, on, loss)));
  for (const [i, { on, loss }] of asked.entries())
    near(found[i]!.gradient, referenceDerivatives64(model, adapter, point, on, loss).gradient, 1e-4);
  await rejectsWith(session.gradient!(point, batch, classLoss(model, other)), "loss.weights: expected length 4, got 3");
  await rejectsWith(
    session.gradient!(point, batch, { weights: [1, 1, 1, 1], classes: null }),
    'loss.classes: expected rows of classes (features of width 1 alone are losses themselves), got "none"',
  );
  const { on, loss } = asked[0]!;
  assert.equal((await session.gradient!(point, on, loss)).gradient, found[0]!.gradient);
  await session.dispose();
});

test.run();
