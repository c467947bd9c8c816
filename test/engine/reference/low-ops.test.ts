import { suite } from "uvu";
import * as assert from "uvu/assert";
import { erf } from "../../../src/engine/reference/erf";
import { referenceOps } from "../../../src/engine/reference/low-ops";
import { combine, matmul, tensor, transposed } from "../../../src/engine/reference/tensor";
import { layoutOf } from "../../../src/tree/layout";
import { near } from "../../support/near";
import { throwsWith } from "../../support/throws";

const test = suite("engine/reference/low-ops");

const layout = layoutOf(["a", "b", "c"].map((name) => ({ name, shape: [2], decay: true })));
const low = referenceOps({ batch: { ids: [[1, 2], [3]] }, layout, points: [[1, 2, 3, 4, 5, 6]], directions: [] });

test("products broadcast their leading axes, sums any axis", () => {
  // [1 2; 3 4] [1; 1] = [3; 7], twice [1 2] and [10 20] as one leading axis of two
  const x = tensor([1, 2, 2], [1, 2, 3, 4]);
  const y = tensor([2, 2, 1], [1, 1, 10, 10]);
  assert.equal([...matmul(x, y).data], [3, 7, 30, 70]);
  assert.equal([...combine(x, tensor([2, 1], [10, 20]), (a, b) => a + b).data], [11, 12, 23, 24]);
  assert.equal([...transposed(x).data], [1, 3, 2, 4]);
  throwsWith(() => combine(x, tensor([3], [1, 2, 3]), (a) => a), /shapes: expected \[1, 2, 2\] to broadcast/);
  throwsWith(() => matmul(x, tensor([1, 3, 1], [1, 2, 3])), /matmul: expected 2 rows/);
});

test("erf agrees with its table to twelve digits and is odd", () => {
  // Abramowitz and Stegun, table 7.1
  near([erf(0.5), erf(1), erf(2), erf(3)], [0.520499877813, 0.84270079295, 0.995322265019, 0.999977909503], 1e-12);
  assert.equal([erf(0), erf(-1), erf(7), erf(-7)], [0, -erf(1), 1, -1]);
});

test("heads are split into texts of equal length and merged back to the same bits", () => {
  const x = tensor([1, 3, 4], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  const heads = low.splitHeads(x, 2, 1);
  assert.equal(heads.shape, [1, 2, 2, 1, 2, 2]);
  // Second text: its only token, then a copy of it.
  assert.equal([...heads.data.slice(8)], [8, 9, 8, 9, 10, 11, 10, 11]);
  assert.equal(low.mergeHeads(heads), x);
});

test("rotation keeps lengths, and products of rotated vectors depend on the distance of their positions", () => {
  const angle = 10 ** -0.5;
  const ids = [Array.from({ length: 5 }, () => 0)];
  const long = referenceOps({ batch: { ids }, layout, points: [], directions: [] });
  const repeat = (row: readonly number[]) => tensor([1, 5, 4], ids[0].flatMap(() => row)); // prettier-ignore
  const [q, k] = [
    [1, 2, 3, 4],
    [0.5, -1, 2, 1],
  ].map((row) => long.rotate(repeat(row), { frequencies: [1, angle], factor: 1 }).data);
  const product = (at: number, to: number) => [0, 1, 2, 3].reduce((sum, h) => sum + q[at * 4 + h] * k[to * 4 + h], 0);
  near([product(3, 1), product(4, 2)], [product(2, 0), product(2, 0)], 1e-14);
  assert.ok(Math.abs(product(3, 2) - product(2, 0)) > 0.1);
  near([Math.hypot(...q.slice(16))], [Math.hypot(1, 2, 3, 4)], 1e-15);
  // Position 1, pair (0, 2), angle 1: 1 cos 1 - 3 sin 1; pair (1, 3), angle 10^(-1/2): 2 cos - 4 sin
  near(q.slice(4, 6), [Math.cos(1) - 3 * Math.sin(1), 2 * Math.cos(angle) - 4 * Math.sin(angle)], 1e-15);
  const larger = long.rotate(repeat([1, 2, 3, 4]), { frequencies: [1, angle], factor: 2 }).data;
  near(larger, q.map((value) => 2 * value), 1e-15); // prettier-ignore
});

test("a mask hides the padding, and later tokens from causal attention, and what lies before a window", () => {
  const scores = tensor([1, 2, 1, 1, 2, 2], new Float64Array(8));
  const seen = (causal: boolean, window: number | null) =>
    [...low.mask(scores, { causal, window }).data].map((value) => (value === 0 ? 1 : 0));
  assert.equal(seen(false, null), [1, 1, 1, 1, 1, 0, 1, 0]);
  assert.equal(seen(true, null), [1, 0, 1, 1, 1, 0, 1, 0]);
  assert.equal(seen(true, 2), [1, 0, 1, 1, 1, 0, 1, 0]);
  assert.equal(seen(true, 1), [1, 0, 0, 1, 1, 0, 0, 0]);
});

test("stacked parameters are read by name, and must be neighbours in the layout", () => {
  const stack = low.parameters(["b", "c"], "point");
  assert.equal([stack.shape, [...stack.data]], [[1, 2, 2], [3, 4, 5, 6]]); // prettier-ignore
  assert.equal([...low.pick(stack, 1).data], [5, 6]);
  throwsWith(
    () => low.parameters(["a", "c"], "point"),
    /parameters\[1\]: expected shape \[2\], next in the layout after a, got "c"/,
  );
});

test.run();
