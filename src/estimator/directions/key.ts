import { randomKey, type RandomKey } from "../../random/key";
import type { Here } from "../direction";

/** Gives the stream that a query's numbers come from. */
export function directionKey({ seed, step }: Here, query: number): RandomKey {
  return randomKey(seed, "direction", step, query);
}
