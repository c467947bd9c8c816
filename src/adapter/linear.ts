import { adapterScale, fail, positiveInteger } from "../check/check";
import type { Ops } from "../ops/ops";
import type { Site } from "../ops/site";
import type { Adapter, LinearAdapterSpec } from "./adapter";
import { seatedAdapter } from "./bottleneck";
import type { SeatFamily } from "./bottleneck";
import { filledWith, uniform, zeros } from "./initial";
import { readStack } from "./stacks";
import type { Stack } from "./stacks";

/** Where s starts without a word. */
export const LINEAR_SCALE = 0.1;

/** What a linear adapter's tensors are called after their site's name; maps are stored for products from the left, h F^T. */
export const LINEAR_PARTS = { map: "linear.map", down: "linear.down", up: "linear.up", scale: "linear.scale" } as const;

/**
 * Makes linear adapters at the seats of a placement: A(h) = h + s F h, F a square map without bias, s one learned number for each seat.
 * Tensors: `${site}.linear.scale` [1] = s, with `${site}.linear.map` [width, width] = F^T, or of a rank `${site}.linear.down` [width, rank] = D^T and
 * `${site}.linear.up` [rank, width] = U^T, F = U D. F starts at zero (of a rank: U; D ~ U(-b, b), b = sqrt(6 / (width + rank))), s at 0.1: the model is
 * unchanged. The change is linear, so `foldedMap` puts it into the frozen weights.
 * @example linearAdapter({ kind: "linear", placement: "roberta", rank: 8 }, llama2Sites).layout.size // 4194368 (Llama-2-7B)
 * @throws when the model lacks the placement's sites, the rank is neither "full" nor below the width, or the scale is
 *   not from 1e-6 to 1e6
 * Source: R-Adapter, arXiv 2408.05749, tjddus9597/R-Adapter-ECCV2024 at 9680117. Departs: there a rank below the width trains all of F (the test is the
 *   wrong way round) and then cannot be merged; here it has that rank, as the paper says, and merges.
 */
export function linearAdapter(spec: LinearAdapterSpec, sites: readonly Site[]): Adapter {
  const start = adapterScale("scale", spec.scale ?? LINEAR_SCALE);
  if (spec.rank !== "full") positiveInteger("rank", spec.rank);
  return seatedAdapter(spec, sites, (names, width) => {
    if (spec.rank !== "full" && spec.rank >= width)
      fail("rank", `a rank below the width ${width} of ${names[0]}, or "full"`, spec.rank);
    return linearFamily(names, width, spec.rank, start);
  });
}

function linearFamily(names: readonly string[], width: number, rank: "full" | number, start: number): SeatFamily {
  const stack = (part: keyof typeof LINEAR_PARTS, shape: readonly number[]): Stack => ({
    sites: names,
    part: LINEAR_PARTS[part],
    shape,
    decay: part !== "scale",
  });
  const scale = stack("scale", [1]);
  /** The matrix that s multiplies: F^T, or U^T. */
  const last = rank === "full" ? stack("map", [width, width]) : stack("up", [rank, width]);
  const down = rank === "full" ? null : stack("down", [width, rank]);
  return {
    tensors: [
      ...(down === null ? [] : [{ stack: down, start: uniform(Math.sqrt(6 / (width + (rank as number)))) }]),
      { stack: last, start: zeros },
      { stack: scale, start: filledWith(start) },
    ],
    bind<T>(ops: Ops<T>) {
      const [rows, columns] = last.shape as readonly [number, number];
      const column = ops.reshape(readStack(ops, last), [names.length, rows * columns, 1]);
      const scales = ops.reshape(readStack(ops, scale), [names.length, 1, 1]);
      const scaled = ops.reshape(ops.matmul(column, scales), [names.length, rows, columns]);
      const narrow = down === null ? null : readStack(ops, down);
      return (h: T, site: number): T =>
        ops.matmul(narrow === null ? h : ops.matmul(h, ops.pick(narrow, site)), ops.pick(scaled, site));
    },
  };
}
