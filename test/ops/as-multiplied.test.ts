import { suite } from "uvu";
import * as assert from "uvu/assert";
import { asMultiplied } from "../../src/ops/as-multiplied";
import { frozenMatrix } from "../support/frozen";

const test = suite("ops/as-multiplied");

test("a matrix is rounded row by row, whole or by its rows, and has a name of its own; one without levels is itself", () => {
  const matrix = frozenMatrix("w", [2, 3], [1, -0.4, 0.6, 10, 4, -6]);
  assert.is(asMultiplied(matrix), matrix);
  const made = asMultiplied({ ...matrix, rounding: { bits: 2, range: "symmetric" } });
  assert.equal([...made.read()], [1, 0, 1, 10, 0, -10]);
  assert.equal([...made.rows([1])], [10, 0, -10]);
  assert.is(made.name, "w (symmetric, 2 bits)");
  assert.equal([...matrix.read()], [...Float32Array.of(1, -0.4, 0.6, 10, 4, -6)]);
});

test.run();
