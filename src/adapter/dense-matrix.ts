import type { Ops } from "../ops/ops";
import type { SeatMatrix } from "./seat-matrix";
import { zeros } from "./initial";
import type { Fill } from "./initial";
import { readStack } from "./stacks";
import type { Stack } from "./stacks";

/**
 * Gives one dense matrix at each of its sites: `${part}.weight` [inputs, outputs] and `${part}.bias` [outputs], which starts at zero unless it
 * is said otherwise.
 * @example denseMatrix(["layers.0.mlp.down"], "up", [64, 384], zeros).tensors.length // 2
 */
export function denseMatrix(
  sites: readonly string[],
  part: string,
  [inputs, outputs]: readonly [number, number],
  start: Fill,
  biasStart: Fill = zeros,
): SeatMatrix {
  const weight: Stack = { sites, part: `${part}.weight`, shape: [inputs, outputs], decay: true };
  const bias: Stack = { sites, part: `${part}.bias`, shape: [outputs], decay: false };
  return {
    tensors: [
      { stack: weight, start },
      { stack: bias, start: biasStart },
    ],
    bind<T>(ops: Ops<T>, scale: number) {
      const weights = ops.scale(readStack(ops, weight), scale);
      const biases = ops.scale(ops.reshape(readStack(ops, bias), [sites.length, 1, outputs]), scale);
      return (x: T, site: number): T => ops.addBias(ops.matmul(x, ops.pick(weights, site)), ops.pick(biases, site));
    },
  };
}
