import type { Node } from "./graph";
import { waistsOf } from "./prefix";
import type { Waist } from "./prefix";

/** What the nodes of a way forward take. */
export interface ForwardInputs {
  /** A frozen or trained matrix. */
  readonly weight: (input: string) => boolean;
  /** It was computed before. */
  readonly given: (input: string) => boolean;
  /** A value with a row per token. */
  readonly perToken: (value: string) => boolean;
}

/**
 * Finds the hidden states between the halves of layers: the waists of a way forward with a matrix between each and the one before.
 * @param forward in an order in which each takes only what earlier ones made
 * @param results what the way forward gives
 */
export function statesOf(
  forward: readonly Node[],
  results: readonly string[],
  { weight, given, perToken }: ForwardInputs,
): readonly Waist[] {
  const waists = waistsOf(forward, results, {
    source: (input) => weight(input) || given(input) || input.startsWith("embedding:"),
    perToken,
  });
  let from = 0;
  return waists.filter(({ at }) => {
    if (!forward.slice(from, at + 1).some(({ inputs }) => inputs.some(weight))) return false;
    from = at + 1;
    return true;
  });
}
