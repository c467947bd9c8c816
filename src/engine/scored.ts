import { fail, sameLength } from "../check/check";
import type { TokenBatch } from "./session";

/** A scored position: a row of the batch's features. */
export interface ScoredPlace {
  /** Which text. */
  readonly text: number;
  /** Position in the text. */
  readonly at: number;
  /** The token whose log-probability is wanted there; null where the batch has no targets. */
  readonly target: number | null;
}

/**
 * Gives all scored positions of a batch, text after text: row k of its features is the k-th of them. Without `scored` it is each text's last token.
 * @throws when a text has no position, a position is outside its text, or targets do not match the positions
 * @example scoredPlaces({ ids: [[5, 6, 7], [8]], scored: [[0, 1], 0] }).map(({ text, at }) => [text, at]) // [[0, 0], [0, 1], [1, 0]]
 */
export function scoredPlaces({ ids, scored, targets }: TokenBatch): readonly ScoredPlace[] {
  if (scored) sameLength("batch.scored", scored.length, ids.length);
  if (targets) sameLength("batch.targets", targets.length, ids.length);
  return ids.flatMap(({ length }, text) => {
    if (length === 0) fail(`batch[${text}]`, "at least one token", ids[text]);
    const positions = listOf(scored?.[text] ?? length - 1);
    if (positions.length === 0) fail(`scored[${text}]`, "at least one position", "none");
    const wanted = targets ? listOf(targets[text] ?? []) : null;
    if (wanted && wanted.length !== positions.length)
      fail(`targets[${text}]`, `${positions.length}, one for each scored position`, wanted.length);
    return positions.map((at, k): ScoredPlace => {
      if (!(Number.isInteger(at) && at >= 0 && at < length))
        fail(`scored[${text}]${positions.length > 1 ? `[${k}]` : ""}`, `0..${length - 1}`, at);
      return { text, at, target: wanted ? (wanted[k] ?? null) : null };
    });
  });
}

function listOf(one: number | readonly number[]): readonly number[] {
  return typeof one === "number" ? [one] : one;
}
