import { createRequire } from "node:module";
import { resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../../src/adapter/make-adapter";
import { packBatch } from "../../../src/engine/onnx/geometry";
import { erf } from "../../../src/engine/reference/erf";
import { referenceSession } from "../../../src/engine/reference/session";
import { tfOps } from "../../../src/engine/tfjs/low-ops";
import { productOn } from "../../../src/engine/tfjs/product";
import { tfjsSession } from "../../../src/engine/tfjs/session";
import type { TfjsSession } from "../../../src/engine/tfjs/session";
import { openBackend } from "../../../src/engine/tfjs/tensorflow";
import { frozenTensors } from "../../../src/engine/tfjs/weights";
import { plain } from "../../../src/ops/plain";
import { randomKey } from "../../../src/random/key";
import { normals } from "../../../src/random/normals";
import { layoutOf } from "../../../src/tree/layout";
import { near } from "../../support/near";
import { rejectsWith } from "../../support/throws";
import { tinyModel } from "../../support/tiny-models";

const test = suite("engine/tfjs/session");
const { model, batch } = tinyModel("llama");
const adapter = makeAdapter({ kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] }, model.sites);
const point = normals(randomKey(1, "check"), adapter.layout.size).map((value) => 0.1 * value);
const other = normals(randomKey(2, "check"), adapter.layout.size);
const cotangent = normals(randomKey(3, "check"), batch.ids.length * model.width);
let session: TfjsSession;
test.before(async () => {
  session = await tfjsSession(model, adapter, { backends: ["wasm"] });
});
test.after(() => session.dispose());

test("it says what it computes on", () => {
  assert.is(session.told, "TensorFlow.js computes on wasm");
  assert.match(session.id, /\|tfjs fp32 wasm$/);
});

test("nothing that a call makes stays on the backend; a first gradient adds each frozen matrix the other way round, once", async () => {
  await session.tangents(point, [other], batch);
  await session.gradient(point, batch, () => cotangent);
  const before = await session.tensors();
  await session.features([point, other], batch);
  await session.features([point], { ids: [[1], [2, 3]] });
  await session.tangents(point, [other, point], batch);
  await session.gradient(other, batch, () => cotangent);
  assert.is(await session.tensors(), before);
});

test("nor after an error, wherever it happens", async () => {
  const before = await session.tensors();
  const failing = session.gradient(point, batch, () => {
    throw new Error("the readout failed");
  });
  await rejectsWith(failing, "the readout failed");
  await rejectsWith(
    session.gradient(point, batch, () => new Float32Array(3)),
    `pullBack: expected ${cotangent.length} numbers, one for each feature, got 3`,
  );
  await rejectsWith(session.features([point.subarray(1)], batch), `points[0]`);
  await rejectsWith(session.features([point], { ids: [[model.vocabulary]] }), "token ids 0..");
  await rejectsWith(session.features([], batch), "points: expected at least one point");
  await rejectsWith(session.tangents(point, [], batch), "directions: expected at least one direction");
  assert.is(await session.tensors(), before);
});

test("two gradients at once do not mix", async () => {
  const both = await Promise.all(
    [point, other].map((at) => session.gradient(at, batch, ({ data }) => data.map((value) => 2 * value))),
  );
  for (const [i, at] of [point, other].entries()) {
    const alone = await session.gradient(at, batch, ({ data }) => data.map((value) => 2 * value));
    assert.equal(both[i].gradient, alone.gradient);
    assert.equal(both[i].features.data, (await session.features([at], batch)).data);
  }
});

test("the thread that asks stays awake while it computes", async () => {
  let [ticks, done] = [0, false];
  const tick = (): void => {
    ticks++;
    if (!done) setImmediate(tick);
  };
  tick();
  await session.features([point, other], batch);
  done = true;
  assert.ok(ticks > 1, `${ticks} turns of the event loop`);
});

test("the plain kernels give the same", async () => {
  const slow = await tfjsSession(model, adapter, { backends: ["cpu"] });
  try {
    const judge = referenceSession(model, adapter);
    near((await slow.features([point], batch)).data, (await judge.features([point], batch)).data, 1e-5);
    const [found, exact] = await Promise.all([slow, judge].map((on) => on.gradient!(point, batch, () => cotangent)));
    near(found.gradient, exact.gradient, 1e-5);
  } finally {
    await slow.dispose();
  }
});

test("without an adapter there are features, and derivatives are zero", async () => {
  const bare = await tfjsSession(model, makeAdapter({ kind: "none" }, model.sites), { backends: ["wasm"] });
  try {
    const empty = new Float32Array(0);
    const { data, points } = await bare.features([empty, empty], batch);
    assert.is(points, 2);
    assert.equal(data.subarray(0, data.length / 2), data.subarray(data.length / 2));
    assert.ok((await bare.tangents(empty, [empty], batch)).tangents.data.every((value) => value === 0));
    assert.is((await bare.gradient(empty, batch, () => cotangent)).gradient.length, 0);
  } finally {
    await bare.dispose();
  }
});

test("a closed session says so", async () => {
  const closed = await tfjsSession(model, adapter, { backends: ["wasm"] });
  await closed.dispose();
  await rejectsWith(closed.features([point], batch), "the model was closed");
});

test("a backend that is not there ends in an error, not in a thread that waits", async () => {
  await rejectsWith(tfjsSession(model, adapter, { backends: [] }), "expected a backend that loads, got none");
});

test("the operations can be called in this thread too; erf is right to 1e-6", async () => {
  const { tf } = await openBackend(createRequire(resolve("package.json")), ["wasm"]);
  const x = Float32Array.from({ length: 1201 }, (_, i) => (i - 600) / 100);
  const layout = layoutOf([{ name: "x", shape: [x.length], decay: false }]);
  const pass = { geometry: packBatch({ ids: [[0]] }), layout, points: x, directions: x, embeddings: new Map() };
  const before = tf.memory().numTensors;
  const found = tf.tidy(() => {
    const product = productOn(tf, true);
    const low = tfOps(tf, product, frozenTensors(tf, product), pass);
    const ops = plain(low);
    const value = ops.pick(ops.parameters(["x"]), 0);
    return { erf: low.erf(value).dataSync() as Float32Array, gelu: ops.gelu(value).dataSync() as Float32Array };
  });
  assert.is(tf.memory().numTensors, before);
  x.forEach((value, i) => {
    assert.ok(Math.abs(found.erf[i] - erf(value)) < 1e-6, `erf(${value}) = ${found.erf[i]}`);
    const gelu = (value * (1 + erf(value * Math.SQRT1_2))) / 2;
    assert.ok(Math.abs(found.gelu[i] - gelu) < 3e-6, `gelu(${value}) = ${found.gelu[i]}`);
  });
});

test("a large matrix is held once, and its products both ways are those of a small one", async () => {
  const { tf } = await openBackend(createRequire(resolve("package.json")), ["wasm"]);
  const before = tf.memory().numTensors;
  const product = productOn(tf, true);
  const [small, large] = [frozenTensors(tf, product), frozenTensors(tf, product, 24 * 40)];
  const matrix = normals(randomKey(4, "check"), 24 * 40);
  for (const weights of [small, large]) weights.add("w", [24, 40], matrix);
  const rows = (width: number) => tf.tensor(normals(randomKey(5, "check"), 6 * width), [2, 3, width]);
  const numbers = (make: () => ReturnType<typeof rows>) => {
    const found = tf.tidy(make);
    assert.equal(found.shape.slice(0, 2), [2, 3]);
    const values = found.dataSync() as Float32Array;
    found.dispose();
    return values;
  };
  const forward = [small, large].map((weights) => numbers(() => weights.times(rows(40), "w")));
  const back = [small, large].map((weights) => numbers(() => weights.timesBack(rows(24), "w")));
  near(forward[1], forward[0], 1e-5);
  near(back[1], back[0], 1e-5);
  // W^T and W of the small one, W alone of the large one.
  assert.is(tf.memory().numTensors, before + 3);
  small.dispose();
  large.dispose();
  assert.is(tf.memory().numTensors, before);
});

test.run();
