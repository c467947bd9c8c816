import type { Adversarial } from "../../estimator/probes/adversarial";
import { composeExact } from "../compose";
import type { Method } from "../method";
import { lambChain, type LambOptions } from "./lamb";

export interface ScalaOptions extends LambOptions, Partial<Omit<Adversarial, "parts">> {}

/**
 * ScaLA as far as it was found: inputs that an adversary has moved first, then a layer-wise scaled step of the weights (LAMB), for large batches.
 * @throws naming the option that is out of range
 * @example scala({ player: "random" }).probe // { kind: "adversarial", player: "random", radius: 1, spread: 0, from: 0 }
 * Source: arXiv 2201.12469, by its abstract: the order of the two players, and that the steps are scaled layer by layer. Radius, spread, delay and
 *   rate were not found and are ours, and so is LAMB as the scaling.
 */
export function scala({
  learningRate = 1e-2,
  name = "scala",
  weightDecay,
  player = "gradient",
  radius = 1,
  spread = 0,
  from = 0,
  parts,
}: ScalaOptions = {}): Method {
  const probe = { kind: "adversarial", player, radius, spread, from, ...(parts !== undefined && { parts }) } as const;
  return composeExact(name, learningRate, lambChain(weightDecay), probe);
}
