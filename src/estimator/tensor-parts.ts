import type { Direction } from "./direction";
import type { OuterPart, TensorPart } from "./tensor-part";

/**
 * Makes a direction of its tensors; outer products are added row by row and never stored. Its numbers are float32, as those of every
 * direction: what is added has the bits that it would have with z stored.
 */
export function directionOfParts(parts: readonly TensorPart[]): Direction {
  return {
    parts,
    addInPlace: (out, a) =>
      eachRun(parts, (at, z) => {
        for (let k = 0, i = at; k < z.length; k++, i++) out[i] += a * z[k];
      }),
    spreadInto: (plus, minus, a, point) =>
      eachRun(parts, (at, z) => {
        for (let k = 0, i = at; k < z.length; k++, i++) {
          const step = a * z[k];
          plus[i] = point[i] + step;
          minus[i] = point[i] - step;
        }
      }),
  };
}

function eachRun(parts: readonly TensorPart[], use: (at: number, z: Float32Array) => void): void {
  for (const part of parts) {
    if (part.kind === "dense") use(part.entry.offset, part.values);
    else eachRow(part, use);
  }
}

function eachRow(
  { entry, rows, columns, rank, left, right }: OuterPart,
  use: (at: number, z: Float32Array) => void,
): void {
  const row = new Float32Array(columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let z = 0;
      for (let k = 0; k < rank; k++) z += left[i * rank + k] * right[j * rank + k];
      row[j] = z;
    }
    use(entry.offset + i * columns, row);
  }
}
