import { checkMethod } from "../method";
import type { Method } from "../method";

/**
 * Gives a method that also carries a running mean of its points, which a run scores when it has ended (`accumulation`); its own points are the same.
 * @throws when the momentum is not from 0 to below 1, or the method carries one already
 * @example accumulating(mezo()).transforms.at(-1) // { kind: "accumulation", momentum: 0.999 }
 * Source: R-Adapter, arXiv 2408.05749.
 */
export function accumulating(method: Method, momentum: number = 0.999): Method {
  return checkMethod({ ...method, transforms: [...method.transforms, { kind: "accumulation", momentum }] });
}
