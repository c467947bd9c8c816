import { suite } from "uvu";
import * as assert from "uvu/assert";
import { tensor } from "../../src/engine/reference/tensor";
import { layoutOf } from "../../src/tree/layout";
import { frozenMatrix, frozenVector } from "../support/frozen";
import { near } from "../support/near";
import { opsAt } from "../support/ops-at";

const test = suite("ops/plain");
const ops = opsAt(layoutOf([]), [[]], { ids: [[0, 1], [2]], scored: [0, 0], targets: [1, 0] });
/** Three packed tokens of two features: two of the first text, one of the second. */
const x = tensor([1, 3, 2], [3, 4, -1, 1, 0, 2]);

test("linear is x W^T + b, or without b", () => {
  // W = [[1, 2], [3, 4], [5, 6]], b = [1, 0, -1]: [3, 4] -> [11 + 1, 25, 39 - 1]
  const weight = frozenMatrix("w", [3, 2], [1, 2, 3, 4, 5, 6]);
  const y = ops.linear(x, weight, frozenVector("b", [1, 0, -1]));
  assert.equal(y.shape, [1, 3, 3]);
  near(y.data.slice(0, 3), [12, 25, 38], 0);
  near(ops.linear(x, weight, null).data.slice(0, 3), [11, 25, 39], 0);
});

test("layerNorm centres and scales each token", () => {
  // [3, 4]: mean 3.5, variance 0.25 -> [-1, 1]; times [2, 3], plus [1, 0] -> [-1, 3]
  const y = ops.layerNorm(x, frozenVector("g", [2, 3]), frozenVector("b", [1, 0]), 0);
  near(y.data.slice(0, 2), [-1, 3], 1e-15);
});

test("rmsNorm divides by the root mean square, epsilon inside", () => {
  // [3, 4]: mean square 12.5, epsilon 12.5 -> 1/5; times [2, 1] -> [1.2, 0.8]
  near(ops.rmsNorm(x, frozenVector("g", [2, 1]), 12.5).data.slice(0, 2), [1.2, 0.8], 1e-15);
});

test("gelu, silu and normalize have their known values", () => {
  // gelu(1) = Phi(1) = 0.8413447461, silu(1) = 1 / (1 + e^-1) = 0.7310585786, [3, 4] / 5 = [0.6, 0.8]
  near(ops.gelu(x).data.slice(3, 4), [0.841344746068543], 1e-12);
  near(ops.silu(x).data.slice(3, 4), [0.731058578630005], 1e-12);
  near(ops.normalize(x).data.slice(0, 2), [0.6, 0.8], 1e-15);
});

test("pooling and scoring keep to each text's own tokens", () => {
  near(ops.meanPool(x).data, [1, 2.5, 0, 2], 0);
  near(ops.takeScored(x).data, [3, 4, 0, 2], 0);
});

test("a target's log-probability is its logit less log(sum(exp)), without overflow", () => {
  // ln(1 / (1 + e^-1)) = -0.3132616875 and -ln(1 + e^2) = -2.1269280110, whatever is added to all logits
  for (const shift of [0, 1e4]) {
    const logits = tensor([1, 2, 2], [3 + shift, 4 + shift, shift, 2 + shift]);
    near(ops.targetLogProbability(logits).data, [-0.313261687518223, -2.12692801104297], 1e-11);
  }
});

test("attention sees its own text only, and causal attention no later token", () => {
  const options = { heads: 1, kvHeads: 1, headSize: 2, causal: false, window: null, rotary: null };
  const zero = tensor([1, 3, 2], [0, 0, 0, 0, 0, 0]);
  // Equal scores: the mean of the values of the text, or of the tokens so far.
  near(ops.attention(zero, zero, x, options).data, [1, 2.5, 1, 2.5, 0, 2], 1e-15);
  near(ops.attention(zero, zero, x, { ...options, causal: true }).data, [3, 4, 1, 2.5, 0, 2], 1e-15);
});

test("attention weights are the softmax of q k / sqrt(headSize)", () => {
  // q = 2 and keys 0, ln 3 with headSize 1 and values 0, 4: scores 0, 2 ln 3 -> weights 1/10, 9/10 -> 3.6
  const one = opsAt(layoutOf([]), [[]], { ids: [[0, 1]] });
  const q = tensor([1, 2, 1], [2, 2]);
  const k = tensor([1, 2, 1], [0, Math.log(3)]);
  const v = tensor([1, 2, 1], [0, 4]);
  const y = one.attention(q, k, v, { heads: 1, kvHeads: 1, headSize: 1, causal: false, window: null, rotary: null });
  near(y.data, [3.6, 3.6], 1e-14);
});

test("grouped queries share their key and value heads as if those were repeated", () => {
  const one = opsAt(layoutOf([]), [[]], { ids: [[0, 1, 2]] });
  const values = (count: number, start: number) => Array.from({ length: count }, (_, i) => Math.sin(start + i));
  const q = tensor([1, 3, 8], values(24, 1));
  const [k, v] = [tensor([1, 3, 4], values(12, 40)), tensor([1, 3, 4], values(12, 70))];
  const repeated = (t: typeof k) =>
    tensor([1, 3, 8], [0, 1, 2].flatMap((row) => [0, 1, 0, 1, 2, 3, 2, 3].map((h) => t.data[row * 4 + h]))); // prettier-ignore
  const options = { heads: 4, headSize: 2, causal: true, window: null, rotary: { frequencies: [1], factor: 1 } };
  near(
    one.attention(q, k, v, { ...options, kvHeads: 2 }).data,
    one.attention(q, repeated(k), repeated(v), { ...options, kvHeads: 4 }).data,
    1e-15,
  );
});

test.run();
