import type { Ops } from "../ops/ops";
import { coreDeviation, initialBias } from "../tt/initial";
import { checkModes } from "../tt/modes";
import { coreShapes } from "../tt/train";
import type { SplitModes } from "./adapter";
import type { SeatMatrix } from "./seat-matrix";
import { gaussian } from "./initial";
import type { Fill } from "./initial";
import { readStack } from "./stacks";
import type { Stack } from "./stacks";

/** One core, at every site: [rankLeft, mode, rankRight]. */
interface CoreStack extends Stack {
  readonly shape: readonly [number, number, number];
}

/**
 * Gives one TT matrix at each of its sites: `${part}.core.${i}` [rankLeft, mode, rankRight] and `${part}.bias` [outputs].
 * The cores of all sites are contracted at once, without forming W = left right:
 *     left = G_1 ... G_m,  right = scale G_m+1 ... G_d,  bias = scale b,  with the split m where the input modes end,
 * so y = (x left) right + bias (without, where there is none) with left [R, A, inputs, r], right [R, A, r, outputs], bias [R, A, 1, outputs].
 * @example trainMatrix(["layers.0.mlp.down"], "down", { inputs: [8, 6, 8], outputs: [8, 8] }, [384, 64], 5).tensors.length // 6
 * @throws when the modes do not multiply to inputs and outputs
 */
export function trainMatrix(
  sites: readonly string[],
  part: string,
  modes: SplitModes,
  [inputs, outputs]: readonly [number, number],
  rank: number,
  biased: boolean = true,
): SeatMatrix {
  checkModes(`modes.${part}`, modes, inputs, outputs);
  const cores = coreShapes(modes, rank).map((shape, i): CoreStack => ({
    sites,
    part: `${part}.core.${i}`,
    shape,
    decay: true,
  }));
  const bias: Stack = { sites, part: `${part}.bias`, shape: [outputs], decay: false };
  const ofBias: Fill = (key, out) => out.set(initialBias(outputs, key));
  const split = modes.inputs.length;
  return {
    tensors: [
      ...cores.map((core) => ({ stack: core, start: gaussian(coreDeviation(modes, core.shape)) })),
      ...(biased ? [{ stack: bias, start: ofBias }] : []),
    ],
    bind<T>(ops: Ops<T>, scale: number) {
      const left = leftHalf(ops, cores.slice(0, split));
      const right = ops.scale(rightHalf(ops, cores.slice(split)), scale);
      const product = (x: T, site: number): T => ops.matmul(ops.matmul(x, ops.pick(left, site)), ops.pick(right, site));
      if (!biased) return product;
      const biases = ops.scale(ops.reshape(readStack(ops, bias), [sites.length, 1, outputs]), scale);
      return (x: T, site: number): T => ops.addBias(product(x, site), ops.pick(biases, site));
    },
  };
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
