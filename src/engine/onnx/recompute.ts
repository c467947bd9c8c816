import type { Node } from "./graph";
import { leadingTo, waistsOf } from "./prefix";

/**
 * Gives the nodes of a way forward that the way back computes again, so that of the first only the hidden states between its halves of
 * layers are kept (gradient checkpointing). Memory for what is kept falls to one such state for each frozen product's neighbourhood, time
 * rises by about one way forward.
 * @param forward in an order in which each takes only what earlier ones made
 * @param results what the way forward gives
 * @param wanted what the way back takes of it
 * @param is `weight`: a frozen matrix; `given`: what was computed before `forward`; `perToken`: a value with a row per token
 * Source: arXiv 1604.06174 (Chen et al. 2016), section 4
 */
export function recomputed(
  forward: readonly Node[],
  results: readonly string[],
  wanted: readonly string[],
  is: {
    readonly weight: (input: string) => boolean;
    readonly given: (input: string) => boolean;
    readonly perToken: (value: string) => boolean;
  },
): readonly Node[] {
  const waists = waistsOf(forward, results, {
    source: (input) => is.weight(input) || is.given(input) || input.startsWith("embedding:"),
    perToken: is.perToken,
  });
  const states = new Set<string>();
  let from = 0;
  for (const { value, at } of waists) {
    if (!forward.slice(from, at + 1).some(({ inputs }) => inputs.some(is.weight))) continue;
    states.add(value);
    from = at + 1;
  }
  return leadingTo(forward, wanted, states);
}
