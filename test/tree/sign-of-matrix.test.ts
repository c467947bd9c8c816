import { suite } from "uvu";
import * as assert from "uvu/assert";
import { orthonormalColumns } from "../../src/tree/orthonormal";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { signOfMatrix } from "../../src/tree/sign-of-matrix";

const test = suite("tree/sign-of-matrix");

/** U diag(s) V^T with orthonormal U [rows][k] and V [columns][k]. */
function made(rows: number, columns: number, singular: readonly number[]): Float64Array {
  const k = singular.length;
  const basis = (size: number, index: number): Float32Array =>
    orthonormalColumns(normals(randomKey(4, "check", index), size * k), k);
  const [u, v] = [basis(rows, 0), basis(columns, 1)];
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    return singular.reduce((sum, s, l) => sum + u[i * k + l] * s * v[j * k + l], 0);
  });
}

/** The polynomial of one iteration on a singular value. */
const once = (s: number): number => 3.4445 * s - 4.775 * s ** 3 + 2.0315 * s ** 5;

test("each singular value is taken through the polynomial, wide and tall", () => {
  const singular = [3, 1, 0.2];
  const length = Math.hypot(...singular) + 1e-7;
  const through = singular.map((s) => [0, 1, 2, 3, 4].reduce((value) => once(value), s / length));
  for (const [rows, columns] of [
    [4, 7],
    [7, 4],
    [3, 3],
  ]) {
    const found = signOfMatrix(made(rows, columns, singular), rows, columns);
    made(rows, columns, through).forEach((value, i) =>
      assert.ok(Math.abs(value - found[i]) < 1e-6, `${rows} x ${columns}, ${i}`),
    );
  }
  assert.ok(
    through.every((value) => value > 0.65 && value < 1.25),
    String(through),
  );
});

test("a vector is a matrix of one row, and nothing stays nothing", () => {
  const found = signOfMatrix(Float64Array.of(3, 4), 1, 2);
  const length = [0, 1, 2, 3, 4].reduce((value) => once(value), 5 / (5 + 1e-7));
  assert.ok(Math.abs(found[0] - 0.6 * length) < 1e-12 && Math.abs(found[1] - 0.8 * length) < 1e-12);
  assert.equal([...signOfMatrix(new Float64Array(6), 2, 3)], [0, 0, 0, 0, 0, 0]); // prettier-ignore
});

test.run();
