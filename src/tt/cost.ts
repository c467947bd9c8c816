import { nonNegativeInteger } from "../check/check";
import { multiplications } from "./contract";
import { product } from "./modes";
import { coreShapes, type TensorTrain } from "./train";

/** Multiply-adds of one application of a train to a batch of rows, contraction included. */
export interface ApplicationCost {
  /** Contract both halves, then (x L) R. */
  readonly fastForward: number;
  /** Contract all cores to W, then x W. */
  readonly reconstruction: number;
}

/**
 * Gives what one forward pass pays for one train: the cores change at every perturbation, so the contraction is paid in each.
 * @param rows tokens in the batch; 0 leaves the contraction alone
 * @throws when rows is negative
 * @example applicationCost({ modes: presetModes["llama-2-7b"].down, ranks: [1, 5, 5, 5, 5, 5, 1] }, 0) // { fastForward: 112400, reconstruction: 3467520 }
 */
export function applicationCost(train: Pick<TensorTrain, "modes" | "ranks">, rows: number): ApplicationCost {
  nonNegativeInteger("rows", rows);
  const shapes = coreShapes(train.modes, train.ranks);
  const split = train.modes.inputs.length;
  const { halves, dense } = multiplications(train);
  return {
    fastForward: chainCost(shapes.slice(0, split)) + chainCost(shapes.slice(split)) + rows * halves,
    reconstruction: chainCost(shapes) + rows * dense,
  };
}

/** Cores contracted one after another: [left modes.., r] [r, mode right]. */
function chainCost(shapes: readonly (readonly [number, number, number])[]): number {
  let [cost, size] = [0, product(shapes[0])];
  for (const [left, mode, right] of shapes.slice(1)) {
    cost += size * mode * right;
    size = (size / left) * mode * right;
  }
  return cost;
}
