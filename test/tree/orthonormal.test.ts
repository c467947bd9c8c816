import { suite } from "uvu";
import * as assert from "uvu/assert";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { orthonormalColumns } from "../../src/tree/orthonormal";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";

const test = suite("tree/orthonormal");

/** Q^T A [columns][columns]. */
function product(q: Float32Array, a: Float32Array, columns: number): readonly (readonly number[])[] {
  const rows = q.length / columns;
  const range = Array.from({ length: columns }, (_, k) => k);
  return range.map((i) =>
    range.map((j) => {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += q[row * columns + i] * a[row * columns + j];
      return sum;
    }),
  );
}

test("worked: (3, 4) is stretched to length 1, and (1, 2) keeps what is across it", () => {
  near(orthonormalColumns(Float32Array.of(3, 1, 4, 2), 2), [0.6, -0.8, 0.8, 0.6], 1e-7);
  assert.equal(orthonormalColumns(Float32Array.of(0, -2), 1), Float32Array.of(0, -1));
});

test("Q^T Q is the identity, and Q^T A is upper triangular with a positive diagonal", () => {
  for (const [rows, columns] of [
    [1, 1],
    [5, 5],
    [64, 8],
    [1000, 24],
  ]) {
    const matrix = normals(randomKey(rows, "check"), rows * columns);
    const before = matrix.slice();
    const q = orthonormalColumns(matrix, columns);
    product(q, q, columns).forEach((row, i) =>
      row.forEach((value, j) => assert.ok(Math.abs(value - (i === j ? 1 : 0)) < 1e-6, `${rows}, ${i} ${j}: ${value}`)),
    );
    product(q, matrix, columns).forEach((row, i) =>
      row.forEach((value, j) => {
        if (i === j) assert.ok(value > 0);
        if (i > j) assert.ok(Math.abs(value) < 1e-5 * Math.sqrt(rows), `${rows}, ${i} ${j}: ${value}`);
      }),
    );
    assert.equal(matrix, before, "what is given stays");
  }
});

test("columns that are nearly one still come out orthonormal", () => {
  const close = normals(randomKey(2, "check"), 60).map((value, i) => (i % 2 === 0 ? value : 0));
  for (let row = 0; row < 30; row++) close[2 * row + 1] = close[2 * row] * (1 + 1e-5 * (row % 3));
  const q = orthonormalColumns(close, 2);
  near(
    product(q, q, 2)
      .flat()
      .map((value, i) => value + i),
    [1, 1, 2, 4],
    1e-6,
  );
});

test("columns that are orthonormal already stay, to rounding", () => {
  const q = orthonormalColumns(normals(randomKey(3, "check"), 40), 4);
  near(orthonormalColumns(q, 4), q, 1e-6);
});

test("more columns than rows, and a column that is a sum of those before, are refused", () => {
  throwsWith(
    () => orthonormalColumns(Float32Array.of(1, 2, 3, 4, 5, 6), 3),
    "columns: expected at most 2, the matrix's rows, got 3",
  );
  const dependent: readonly (readonly [Float32Array, number])[] = [
    [new Float32Array(4), 0],
    [Float32Array.of(1, 3, 7, 21, 0.5, 1.5), 1],
    [Float32Array.of(NaN, 1, 1, 1), 0],
  ];
  for (const [matrix, column] of dependent)
    throwsWith(
      () => orthonormalColumns(matrix, 2),
      `matrix: expected independent columns, got "column ${column} a sum of those before"`,
    );
});

test.run();
