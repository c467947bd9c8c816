import type { Direction } from "./direction";
import type { OuterPart, TensorPart } from "./tensor-part";

/** Makes a direction of its tensors; outer products are added number by number and never stored. Each number is rounded once. */
export function directionOfParts(parts: readonly TensorPart[]): Direction {
  return {
    parts,
    addInPlace: (out, a) =>
      eachNumber(parts, (at, z) => {
        out[at] += a * z;
      }),
    spreadInto: (plus, minus, a, point) =>
      eachNumber(parts, (at, z) => {
        plus[at] = point[at] + a * z;
        minus[at] = point[at] - a * z;
      }),
  };
}

function eachNumber(parts: readonly TensorPart[], use: (at: number, z: number) => void): void {
  for (const part of parts) {
    const { offset, size } = part.entry;
    if (part.kind === "dense") for (let i = 0; i < size; i++) use(offset + i, part.values[i]);
    else eachProduct(part, offset, use);
  }
}

function eachProduct(
  { rows, columns, rank, left, right }: OuterPart,
  offset: number,
  use: (at: number, z: number) => void,
): void {
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      let z = 0;
      for (let k = 0; k < rank; k++) z += left[i * rank + k] * right[j * rank + k];
      use(offset + i * columns + j, z);
    }
}
