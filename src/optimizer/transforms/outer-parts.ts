import { fail } from "../../check/check";
import type { Direction } from "../../estimator/direction";
import type { DensePart, OuterPart, TensorPart } from "../../estimator/tensor-part";
import { asFactorLayout, factorPlaces } from "../../tree/factor-layout";
import type { Layout } from "../../tree/layout";

/** Gives the tensors of a direction to a transform that forms the gradient of them. @throws when the direction is not made of any */
export function partsOf(transform: string, { parts }: Direction): readonly TensorPart[] {
  return parts ?? fail("transforms", `directions that are outer products (low-rank) for ${transform}`, "others");
}

/**
 * gradient <- left right^T of a tensor, where one of the two is the direction's own and stays; in a layout of factors the one that moves is written
 * as it is, since the other one stands in the point.
 * @param moved the factor that moves, in place of the part's
 */
export function writeOuter(
  gradient: Float32Array,
  layout: Layout,
  tensor: number,
  part: OuterPart,
  moving: "left" | "right",
  moved: ArrayLike<number>,
): void {
  const { entry, rows, columns, rank } = part;
  if (layout.factors !== undefined) {
    const place = factorPlaces(asFactorLayout(layout))[tensor];
    if (place.kind === "dense") return fail(`factors of ${entry.name}`, "those of a matrix", "a vector");
    const { offset } = place[moving];
    for (let i = 0; i < moved.length; i += rank)
      for (let k = 0; k < rank; k++) gradient[offset + (i / rank) * layout.factors.rank + k] = moved[i + k];
    return;
  }
  const [left, right] = moving === "left" ? [moved, part.right] : [part.left, moved];
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < rank; k++) sum += left[i * rank + k] * right[j * rank + k];
      gradient[entry.offset + i * columns + j] = sum;
    }
}

/** Gives where a tensor that is a vector stands in a gradient: its own place, or its change's in a layout of factors. */
export function offsetOf(layout: Layout, tensor: number, { entry }: DensePart): number {
  if (layout.factors === undefined) return entry.offset;
  const place = factorPlaces(asFactorLayout(layout))[tensor];
  return place.kind === "dense" ? place.at.offset : fail(`factors of ${entry.name}`, "numbers of a vector", "a matrix");
}
