import { suite } from "uvu";
import * as assert from "uvu/assert";
import { matrix, multiply, transpose, type Matrix } from "../../src/tt/matrix";
import { numericalRank, svd } from "../../src/tt/svd";
import { largestDifference, randomMatrix } from "./fixture";
import { throwsWith } from "../support/throws";

const test = suite("tt/svd");

const diagonal = (values: ArrayLike<number>): Matrix =>
  matrix(
    values.length,
    values.length,
    Array.from({ length: values.length ** 2 }, (_, i) =>
      i % (values.length + 1) === 0 ? values[i / (values.length + 1)] : 0,
    ),
  );
const identity = (size: number) => diagonal(new Array<number>(size).fill(1));

test("[[3, 0], [4, 5]] has singular values sqrt(45) and sqrt(5)", () => {
  // A^T A = [[25, 20], [20, 25]]: eigenvalues 25 +- 20
  const { values } = svd(matrix(2, 2, [3, 0, 4, 5]));
  assert.ok(Math.abs(values[0] - Math.sqrt(45)) < 1e-14 * 7);
  assert.ok(Math.abs(values[1] - Math.sqrt(5)) < 1e-14 * 3);
});

test("tall, square, wide and single-column matrices are rebuilt from orthonormal factors", () => {
  for (const [rows, columns] of [
    [30, 8],
    [12, 12],
    [5, 40],
    [9, 1],
    [1, 9],
    [1, 1],
  ]) {
    const a = randomMatrix(rows, columns);
    const { u, values, vt } = svd(a);
    assert.ok(largestDifference(multiply(multiply(u, diagonal(values)), vt), a) < 1e-12);
    assert.ok(largestDifference(multiply(transpose(u), u), identity(values.length)) < 1e-12);
    assert.ok(largestDifference(multiply(vt, transpose(vt)), identity(values.length)) < 1e-12);
    assert.ok(values.every((value, i) => i === 0 || value <= values[i - 1]));
  }
});

test("a product of 20 x 3 and 3 x 15 has rank 3; zeros have rank 0", () => {
  assert.is(numericalRank(multiply(randomMatrix(20, 3), randomMatrix(3, 15))), 3);
  assert.is(numericalRank(matrix(3, 4, new Float64Array(12))), 0);
});

test("tiny singular values keep their digits", () => {
  const { values } = svd(multiply(diagonal([1, 1e-6, 1e-12]), identity(3)));
  assert.equal([...values], [1, 1e-6, 1e-12]);
});

test("a matrix with a wrong number of entries, or sizes that do not meet, is refused", () => {
  throwsWith(() => matrix(2, 3, [1, 2, 3]), "matrix [2, 3]: expected length 6, got 3");
  throwsWith(() => multiply(identity(2), identity(3)), "columns of the left matrix: expected length 3, got 2");
});

test.run();
