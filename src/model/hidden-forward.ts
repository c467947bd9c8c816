import { noAdapter } from "../adapter/none";
import { unreachable } from "../check/check";
import type { Ops } from "../ops/ops";
import type { Model } from "./model";

/** The rows of hidden states: of every token, the mean over each text's tokens, or the tokens at the scored positions. */
export type HiddenRows = "token" | "mean" | "scored";

/**
 * Gives hidden states [1, rows, width] of the frozen model, without any adapter, at these places of a tap.
 * For example `hiddenForward(model, plain(low), [0, 2], "token")`: what the embeddings and the second layer give for every token.
 */
export function hiddenForward<T>(
  model: Model,
  operations: Ops<T>,
  places: readonly number[],
  rows: HiddenRows,
): readonly T[] {
  const { ops, hooks } = noAdapter().bind(operations);
  const seen = new Map<number, T>();
  model.forward(ops, hooks, (place, hidden) => void (places.includes(place) && seen.set(place, hidden)));
  return places.map((place) => taken(ops, seen.get(place)!, rows));
}

function taken<T>(ops: Ops<T>, hidden: T, rows: HiddenRows): T {
  switch (rows) {
    case "token":
      return hidden;
    case "mean":
      return ops.meanPool(hidden);
    case "scored":
      return ops.takeScored(hidden);
    default:
      return unreachable(rows);
  }
}
