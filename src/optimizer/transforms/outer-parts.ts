import { fail } from "../../check/check";
import type { Direction } from "../../estimator/direction";
import type { TensorPart } from "../../estimator/tensor-part";

/** Gives the tensors of a direction to a transform that forms the gradient of them. @throws when the direction is not made of any */
export function partsOf(transform: string, { parts }: Direction): readonly TensorPart[] {
  return parts ?? fail("transforms", `directions that are outer products (low-rank) for ${transform}`, "others");
}
