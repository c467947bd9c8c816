import type { Ops } from "../ops/ops";
import type { Fill } from "./initial";
import type { Stack } from "./stacks";

/** One matrix of a bottleneck adapter with its bias, at all sites of one width, in whatever form it is stored. */
export interface SeatMatrix {
  /** Its tensors in layout order, each with its rule for starting values. */
  readonly tensors: readonly { readonly stack: Stack; readonly start: Fill }[];
  /** Prepares all sites at once; the result gives scale (x W + b) at the site of that index. */
  bind<T>(ops: Ops<T>, scale: number): (x: T, site: number) => T;
}
