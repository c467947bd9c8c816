import { suite } from "uvu";
import * as assert from "uvu/assert";
import { drawInto, storedDirection } from "../../src/estimator/direction";
import type { TensorPart } from "../../src/estimator/tensor-part";
import { matrixOf } from "../../src/tree/matrix";
import { directionOfParts } from "../../src/estimator/tensor-parts";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { layoutOf } from "../../src/tree/layout";

const test = suite("estimator/tensor-parts");

const layout = layoutOf([
  { name: "bias", shape: [5], decay: false },
  { name: "w", shape: [7, 3], decay: true },
]);
const [bias, w] = layout.entries;
const numbers = (stream: number, size: number) => normals(randomKey(8, "check", stream), size);
const parts: readonly TensorPart[] = [
  { kind: "dense", entry: bias, values: numbers(0, 5) },
  { kind: "outer", entry: w, rows: 7, columns: 3, rank: 2, left: numbers(1, 14), right: numbers(2, 6) },
];

test("an outer product is left right^T, at its tensor's place", () => {
  const [dense, outer]: readonly TensorPart[] = [
    { kind: "dense", entry: bias, values: Float32Array.of(9, 8, 7, 6, 5) },
    {
      kind: "outer",
      entry: { ...w, shape: [2, 3], size: 6 },
      rows: 2,
      columns: 3,
      rank: 2,
      left: Float32Array.of(1, 2, 3, 4),
      right: Float32Array.of(1, 0, 0, 1, -1, 2),
    },
  ];
  const out = new Float32Array(11).fill(1);
  directionOfParts([dense, outer]).addInPlace(out, 2);
  // left right^T = (1, 2, 3; 3, 4, 5)
  assert.equal(out, Float32Array.of(19, 17, 15, 13, 11, 3, 5, 7, 7, 9, 11));
});

test("what is added and spread has the bits of the same numbers stored", () => {
  const direction = directionOfParts(parts);
  const z = new Float32Array(layout.size);
  assert.is(
    drawInto(() => direction, 0, z),
    direction,
  );
  const stored = storedDirection(z);
  const point = numbers(3, layout.size);
  for (const a of [1, -0.25, 1e-3, 1e-8, 0.1]) {
    const [one, other] = [direction, stored].map((each) => {
      const [sum, plus, minus] = [point.slice(), new Float32Array(layout.size), new Float32Array(layout.size)];
      each.addInPlace(sum, a);
      each.spreadInto(plus, minus, a, point);
      return [sum, plus, minus];
    });
    assert.equal(one, other, `a = ${a}`);
    assert.equal(one[0], one[1], "spread forward is what is added");
  }
});

test("the last axis of a tensor are its matrix's columns; one row or column makes a vector", () => {
  assert.equal(matrixOf([6, 4]), { rows: 6, columns: 4 });
  assert.equal(matrixOf([4, 3, 5]), { rows: 12, columns: 5 });
  for (const shape of [[], [7], [1, 7], [7, 1], [1, 1, 7]]) assert.is(matrixOf(shape), null, String(shape));
});

test.run();
