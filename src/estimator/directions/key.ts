import { randomKey, type RandomKey } from "../../random/key";
import type { DirectionsAt } from "../direction";

/** Gives the stream that a query's numbers come from. */
export function directionKey({ seed, step }: DirectionsAt, query: number): RandomKey {
  return randomKey(seed, "direction", step, query);
}
