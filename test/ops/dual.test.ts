import { suite } from "uvu";
import * as assert from "uvu/assert";
import { referenceOps } from "../../src/engine/reference/low-ops";
import { tensor } from "../../src/engine/reference/tensor";
import type { Tensor } from "../../src/engine/reference/tensor";
import { dual } from "../../src/ops/dual";
import type { LowOps } from "../../src/ops/low-ops";
import type { Ops } from "../../src/ops/ops";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { layoutOf } from "../../src/tree/layout";
import { frozenMatrix, frozenVector } from "../support/frozen";
import { near } from "../support/near";
import { opsAt } from "../support/ops-at";

const test = suite("ops/dual");

/** Three packed tokens of four features for x, y and z, a matrix [4, 4], a vector [4]; two texts. */
const layout = layoutOf([
  ...["x", "y", "z"].map((name) => ({ name, shape: [3, 4], decay: true })),
  { name: "matrix", shape: [4, 4], decay: true },
  { name: "vector", shape: [1, 4], decay: false },
]);
const batch = { ids: [[0, 1], [0]], scored: [1, 0], targets: [2, 0] };
const point = Float64Array.from(normals(randomKey(0, "check"), layout.size));
const directions = [1, 2].map((i) => normals(randomKey(i, "check"), layout.size));
const weight = frozenMatrix("w", [4, 4], [...normals(randomKey(3, "check"), 16)]);
const gain = frozenVector("g", [1, 0.5, -1, 2]);
const shift = frozenVector("b", [0.1, 0.2, 0.3, 0.4]);
const heads = {
  heads: 2,
  kvHeads: 1,
  headSize: 2,
  causal: true,
  window: null,
  rotary: { frequencies: [1], factor: 1 },
};

type Function = <T>(ops: Ops<T>, read: (name: string) => T) => T;
/** Narrow keys and values for the grouped head: the first two features. */
const narrow = frozenMatrix("n", [2, 4], [1, 0, 0, 0, 0, 1, 0, 0]);

const functions: Readonly<Record<string, Function>> = {
  linear: (ops, read) => ops.linear(read("x"), weight, shift),
  matmul: (ops, read) => ops.matmul(read("x"), read("matrix")),
  "matmul with a trainable right side only": (ops, read) => ops.matmul(ops.embed(weightTable, "token"), read("matrix")),
  addBias: (ops, read) => ops.addBias(read("x"), read("vector")),
  "addBias to a frozen value": (ops, read) => ops.addBias(ops.embed(weightTable, "token"), read("vector")),
  add: (ops, read) => ops.add(read("x"), read("y")),
  "add a frozen value": (ops, read) => ops.add(ops.embed(weightTable, "position"), read("y")),
  multiply: (ops, read) => ops.multiply(read("x"), read("y")),
  scale: (ops, read) => ops.scale(read("x"), -2.5),
  addScalar: (ops, read) => ops.addScalar(read("x"), -2.5),
  sum: (ops, read) => ops.sum(ops.multiply(read("x"), read("x"))),
  inverseSqrt: (ops, read) => ops.inverseSqrt(ops.addScalar(ops.multiply(read("x"), read("x")), 0.5)),
  sigmoid: (ops, read) => ops.sigmoid(read("x")),
  reshape: (ops, read) => ops.matmul(ops.reshape(read("x"), [4, 3]), read("y")),
  relu: (ops, read) => ops.relu(read("x")),
  tanh: (ops, read) => ops.tanh(read("x")),
  gelu: (ops, read) => ops.gelu(read("x")),
  silu: (ops, read) => ops.silu(read("x")),
  layerNorm: (ops, read) => ops.layerNorm(read("x"), gain, shift, 1e-3),
  rmsNorm: (ops, read) => ops.rmsNorm(read("x"), gain, 1e-3),
  normalize: (ops, read) => ops.normalize(read("x")),
  meanPool: (ops, read) => ops.meanPool(read("x")),
  takeScored: (ops, read) => ops.takeScored(read("x")),
  targetLogProbability: (ops, read) => ops.targetLogProbability(ops.takeScored(read("x"))),
  "a chain": (ops, read) => {
    const h = ops.layerNorm(ops.add(read("x"), ops.linear(ops.gelu(read("x")), weight, shift)), gain, shift, 1e-5);
    return ops.normalize(ops.meanPool(h));
  },
};
const weightTable = frozenMatrix("table", [4, 4], [...normals(randomKey(4, "check"), 16)]);

/** Attention in which only the named parts are trainable. */
const parts = ["x", "y", "z", "xy", "xz", "yz", "xyz"];
const attention =
  (trainable: string): Function =>
  (ops, read) => {
    const part = (name: string) => (trainable.includes(name) ? read(name) : ops.embed(weightTable, "token"));
    return ops.attention(part("x"), ops.linear(part("y"), narrow, null), ops.linear(part("z"), narrow, null), heads);
  };

/** The same with a prefix of eight tokens, of which keys K and values V may be trainable. */
const wide = frozenMatrix("wide", [1, 16], [...normals(randomKey(5, "check"), 16)]);
const withPrefix =
  (trainable: string): Function =>
  (ops, read) => {
    const part = (name: string) => (trainable.includes(name) ? read(name) : ops.embed(weightTable, "token"));
    const before = (name: string) =>
      ops.reshape(trainable.includes(name) ? read("matrix") : ops.embed(wide, "zero"), [2, 8]);
    const [k, v] = [ops.linear(part("y"), narrow, null), ops.linear(part("z"), narrow, null)];
    return ops.attention(part("x"), k, v, heads, { tokens: 8, keys: before("K"), values: before("V") });
  };

const all: readonly (readonly [string, Function])[] = [
  ...Object.entries(functions),
  ...parts.map((names) => [`attention with tangents in ${names} only`, attention(names)] as const),
  ...["K", "V", "KV", "x", "y", "z", "xK", "yV", "xyzKV"].map(
    (names) => [`attention to a prefix with tangents in ${names} only`, withPrefix(names)] as const,
  ),
];

const reader =
  <T>(ops: Ops<T>) =>
  (name: string): T =>
    ops.pick(ops.parameters([name]), 0);

function valueAt(f: Function, at: Float64Array): Tensor {
  const ops = opsAt(layout, [at], batch);
  return f(ops, reader(ops));
}

function lowOps(): LowOps<Tensor> {
  return referenceOps({ batch, layout, points: [point], directions });
}

for (const [name, f] of all)
  test(`${name}: the tangent is the derivative`, () => {
    const ops = dual(lowOps());
    const { primal, tangents } = f(ops, reader(ops));
    near(primal.data, valueAt(f, point).data, 1e-14, "primal");
    if (tangents === null) throw new Error("expected tangents");
    assert.equal(tangents.shape, [2, ...primal.shape.slice(1)]);
    const epsilon = 1e-5;
    const expected = directions.flatMap((z) => {
      const [plus, minus] = [1, -1].map(
        (sign) =>
          valueAt(
            f,
            point.map((w, i) => w + sign * epsilon * z[i]),
          ).data,
      );
      return [...plus].map((value, i) => (value - minus[i]) / (2 * epsilon));
    });
    near(tangents.data, expected, 1e-8);
  });

/** The same operations, each call counted by name. */
function counted(): { readonly low: LowOps<Tensor>; readonly calls: Map<string, number> } {
  const calls = new Map<string, number>();
  const low = lowOps();
  const entries = Object.entries(low) as [keyof LowOps<Tensor>, (...given: unknown[]) => unknown][];
  const wrapped = entries.map(([name, run]) => [
    name,
    (...given: unknown[]) => {
      calls.set(name, (calls.get(name) ?? 0) + 1);
      return run(...given);
    },
  ]);
  return { low: Object.fromEntries(wrapped) as LowOps<Tensor>, calls };
}

test("before the first trainable tensor no operation is added", () => {
  const { low, calls } = counted();
  const ops = dual(low);
  const x = ops.embed(weightTable, "token");
  const y = ops.rmsNorm(ops.add(x, ops.linear(ops.relu(x), weight, null)), gain, 1e-5);
  assert.is(y.tangents, null);
  assert.equal(
    Object.fromEntries(calls),
    // rmsNorm: x x, mean, + epsilon, 1/sqrt, x factor, gain
    { embed: 1, relu: 1, frozen: 1, add: 1, multiply: 3, mean: 1, addScalar: 1, inverseSqrt: 1, vector: 1 },
  );
});

test("a value that feeds three frozen products is joined with its tangents once, one product each", () => {
  const { low, calls } = counted();
  const ops = dual(low);
  const x = reader(ops)("x");
  for (let i = 0; i < 3; i++) ops.linear(x, weight, null);
  assert.equal([calls.get("concat"), calls.get("frozen")], [1, 3]);
});

test("a frozen bias reaches the primal only", () => {
  const ops = dual(lowOps());
  const x = reader(ops)("x");
  const [without, withBias] = [ops.linear(x, weight, null), ops.linear(x, weight, shift)];
  assert.equal(withBias.tangents?.data, without.tangents?.data);
  assert.not.equal(withBias.primal.data, without.primal.data);
});

test("the slope of relu is 0 where x is not positive", () => {
  const ops = dual(lowOps());
  const y = ops.relu({ primal: tensor([1, 1, 3], [-1, 0, 2]), tangents: tensor([1, 1, 3], [5, 5, 5]) });
  assert.equal([...(y.tangents?.data ?? [])], [0, 0, 5]);
});

test.run();
