import { suite } from "uvu";
import * as assert from "uvu/assert";
import { normals } from "../../src/random/normals";
import { randomKey } from "../../src/random/key";
import { leadingEigen } from "../../src/tt/leading-eigen";
import { leadingSvd } from "../../src/tt/leading-svd";
import { matrix } from "../../src/tt/matrix";
import { svd } from "../../src/tt/svd";
import { dot } from "../support/dot";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";

const test = suite("tt/leading-svd");
const drawn = (rows: number, columns: number, index = 0): Float32Array =>
  normals(randomKey(1, "check", index), rows * columns);

test("a worked example: W = [[3, 0], [4, 5]] has the values sqrt(45) and sqrt(5)", () => {
  // W^T W = [[25, 20], [20, 25]]: 45 along (1, 1), 5 along (1, -1); W (1, 1) / sqrt(2) = (3, 9) / sqrt(2), of length sqrt(45)
  const { left, values, right } = leadingSvd([3, 0, 4, 5], 2, 2, 2);
  near(values, [Math.sqrt(45), Math.sqrt(5)], 1e-14);
  near(right[0]!, [Math.SQRT1_2, Math.SQRT1_2], 1e-14);
  near(left[0]!, [1 / Math.sqrt(10), 3 / Math.sqrt(10)], 1e-14);
  assert.ok(Math.abs(dot(left[1]!, left[0]!)) < 1e-14);
});

test("tall and wide matrices: values and vectors are Jacobi's, the rest of W is orthogonal to them, and W q = value p", () => {
  for (const [rows, columns] of [
    [30, 17],
    [17, 30],
    [24, 24],
    [5, 1],
    [1, 5],
  ] as const) {
    const w = drawn(rows, columns);
    const r = Math.min(4, rows, columns);
    const { left, values, right } = leadingSvd(w, rows, columns, r);
    const whole = svd(matrix(rows, columns, w));
    near(values, whole.values.slice(0, r), 1e-13);
    for (let k = 0; k < r; k++) {
      const known = Array.from({ length: rows }, (_, i) => whole.u.data[i * whole.u.columns + k]!);
      const sign = Math.sign(dot(known, left[k]!));
      near(left[k]!, known.map((value) => sign * value), 1e-11); // prettier-ignore
      near(right[k]!, whole.vt.data.slice(k * columns, (k + 1) * columns).map((value) => sign * value), 1e-11); // prettier-ignore
      const image = Array.from({ length: rows }, (_, i) => dot(w.subarray(i * columns, (i + 1) * columns), right[k]!));
      near(image, left[k]!.map((value) => value * values[k]!), 1e-12); // prettier-ignore
    }
    for (const side of [left, right])
      side.forEach((x, i) => side.forEach((y, j) => assert.ok(Math.abs(dot(x, y) - (i === j ? 1 : 0)) < 1e-12)));
  }
});

test("the signs are settled: of each right vector the largest entry is positive, and of -W the left ones turn", () => {
  const w = drawn(12, 9);
  const [found, turned] = [leadingSvd(w, 12, 9, 3), leadingSvd(w.map((value) => -value), 12, 9, 3)]; // prettier-ignore
  for (const q of found.right) assert.ok(q.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)) > 0);
  assert.equal(turned.right, found.right);
  near(turned.left[2]!, found.left[2]!.map((value) => -value), 1e-14); // prettier-ignore
});

test("equal values have orthogonal vectors, and beyond the rank there is nothing", () => {
  const unit = Float64Array.from({ length: 49 }, (_, i) => (i % 8 === 0 ? 2 : 0));
  const same = leadingSvd(unit, 7, 7, 3);
  near(same.values, [2, 2, 2], 1e-14);
  assert.ok(Math.abs(dot(same.left[0]!, same.left[1]!)) < 1e-13);
  const [u, v] = [drawn(6, 1, 2), drawn(8, 1, 3)];
  const one = leadingSvd(
    Float64Array.from({ length: 48 }, (_, i) => u[Math.floor(i / 8)]! * v[i % 8]!),
    6,
    8,
    3,
  );
  near([one.values[0]!], [Math.sqrt(dot(u, u) * dot(v, v))], 1e-14);
  assert.equal([...one.values.slice(1), ...one.left[1]!, ...one.right[2]!], new Array(2 + 6 + 8).fill(0));
  assert.equal([...leadingSvd(new Float32Array(6), 2, 3, 2).values], [0, 0]);
});

test("the largest eigenvalues of the second difference are known: 2 - 2 cos(k pi / (n + 1))", () => {
  const n = 40;
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    a[i * n + i] = 2;
    if (i > 0) a[i * n + i - 1] = -1;
  }
  const { values, vectors } = leadingEigen(a, n, 5);
  near(values, [40, 39, 38, 37, 36].map((k) => 2 - 2 * Math.cos((k * Math.PI) / (n + 1))), 1e-14); // prettier-ignore
  const known = Array.from(
    { length: n },
    (_, i) => Math.sin(((i + 1) * n * Math.PI) / (n + 1)) * Math.sqrt(2 / (n + 1)),
  );
  near([Math.abs(dot(known, vectors[0]!))], [1], 1e-13);
});

test("more values than a side has, and numbers that are none, are errors", () => {
  throwsWith(() => leadingSvd(drawn(3, 5), 3, 5, 4), "rank: expected at most 3, the matrix's smaller side, got 4");
  throwsWith(() => leadingSvd([1, NaN, 0, 1], 2, 2, 1), "matrix: expected finite numbers");
  throwsWith(() => leadingEigen(new Float64Array(5), 2, 1), "matrix: expected");
});

test.run();
