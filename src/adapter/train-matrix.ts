import type { Ops } from "../ops/ops";
import { checkModes } from "../tt/modes";
import { coreShapes } from "../tt/train";
import type { SplitModes } from "./adapter";
import { readStack } from "./stacks";
import type { Stack } from "./stacks";

/** One TT matrix [inputs, outputs] at each of its sites, with a dense bias [outputs]. */
export interface TrainMatrix {
  readonly modes: SplitModes;
  readonly outputs: number;
  /** In the order of the train. */
  readonly cores: readonly CoreStack[];
  readonly bias: Stack;
}

/** The same core of every site: [rankLeft, mode, rankRight]. */
export interface CoreStack extends Stack {
  readonly shape: readonly [number, number, number];
}

/**
 * The tensors of one TT matrix at each site: `${part}.core.${i}` [rankLeft, mode, rankRight] and `${part}.bias` [outputs].
 * @example trainMatrix(["layers.0.mlp.down"], "down", { inputs: [8, 6, 8], outputs: [8, 8] }, [384, 64], 5).cores.length // 5
 * @throws when the modes do not multiply to inputs and outputs
 */
export function trainMatrix(
  sites: readonly string[],
  part: string,
  modes: SplitModes,
  [inputs, outputs]: readonly [number, number],
  rank: number,
): TrainMatrix {
  checkModes(`modes.${part}`, modes, inputs, outputs);
  return {
    modes,
    outputs,
    cores: coreShapes(modes, rank).map((shape, i) => ({ sites, part: `${part}.core.${i}`, shape, decay: true })),
    bias: { sites, part: `${part}.bias`, shape: [outputs], decay: false },
  };
}

/** A train's contracted halves and bias at all A sites: left [R, A, inputs, r], right [R, A, r, outputs], bias [R, A, 1, outputs]. */
export interface BoundTrain<T> {
  readonly left: T;
  readonly right: T;
  readonly bias: T;
}

/**
 * Contracts the cores of all sites at once, without forming W = left right:
 *     left = G_1 ... G_m,  right = scale G_m+1 ... G_d,  bias = scale b,  with the split m where the input modes end.
 */
export function bindTrain<T>(ops: Ops<T>, { modes, cores, bias, outputs }: TrainMatrix, scale: number): BoundTrain<T> {
  const split = modes.inputs.length;
  return {
    left: leftHalf(ops, cores.slice(0, split)),
    right: ops.scale(rightHalf(ops, cores.slice(split)), scale),
    bias: ops.scale(ops.reshape(readStack(ops, bias), [bias.sites.length, 1, outputs]), scale),
  };
}

/** y = (x left) right + bias at one site: [R, T, inputs] -> [R, T, outputs]. */
export function applyTrain<T>(ops: Ops<T>, x: T, { left, right, bias }: BoundTrain<T>, site: number): T {
  const inner = ops.matmul(x, ops.pick(left, site));
  return ops.addBias(ops.matmul(inner, ops.pick(right, site)), ops.pick(bias, site));
}

/** From the left: [A, size, r] [A, r, mode r'] -> [A, size mode, r']. */
function leftHalf<T>(ops: Ops<T>, cores: readonly CoreStack[]): T {
  const [head, ...others] = cores as [CoreStack, ...CoreStack[]];
  const sites = head.sites.length;
  let [, size, rank] = head.shape;
  let half = ops.reshape(readStack(ops, head), [sites, size, rank]);
  for (const core of others) {
    const [inner, mode, outer] = core.shape;
    const next = ops.reshape(readStack(ops, core), [sites, inner, mode * outer]);
    [size, rank] = [size * mode, outer];
    half = ops.reshape(ops.matmul(half, next), [sites, size, rank]);
  }
  return half;
}

/** From the right: [A, r' mode, r] [A, r, size] -> [A, r', mode size]. */
function rightHalf<T>(ops: Ops<T>, cores: readonly CoreStack[]): T {
  const [last, ...others] = [...cores].reverse() as [CoreStack, ...CoreStack[]];
  const sites = last.sites.length;
  let [rank, size] = last.shape;
  let half = ops.reshape(readStack(ops, last), [sites, rank, size]);
  for (const core of others) {
    const [outer, mode, inner] = core.shape;
    const next = ops.reshape(readStack(ops, core), [sites, outer * mode, inner]);
    [rank, size] = [outer, mode * size];
    half = ops.reshape(ops.matmul(next, half), [sites, rank, size]);
  }
  return half;
}
