import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";

/**
 * ZO-Align: two-sided numbers along several directions, put together so that the gradient has each of them, where others take the average.
 * @throws naming the option that is out of range
 * @example zoAlign().transforms[0] // { kind: "alignment" }
 * Source: arXiv 2509.15552, by its abstract (more queries a step are better with it, and worse with the average); 8 queries are ours.
 */
export function zoAlign({ queries = 8, ...options }: MezoOptions = {}): Method {
  const transforms = [{ kind: "alignment" }] as const;
  return compose("zo-align", { directions: { kind: "gaussian" }, queries, transforms }, options);
}
