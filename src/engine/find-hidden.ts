import type { HiddenRows } from "../model/hidden-forward";
import { hiddenPlaces } from "../model/hidden-names";
import type { Model } from "../model/model";
import { recentTexts } from "./onnx/recent-texts";
import { checkTexts } from "./rows";
import { scoredPlaces } from "./scored";
import type { FindHidden, HiddenStates, TokenBatch } from "./session";

/** Computes hidden states at these places of a tap, in their order, in one pass. One call at a time. */
export type ComputeHidden = (
  places: readonly number[],
  rows: HiddenRows,
  batch: TokenBatch,
) => Promise<readonly HiddenStates[]>;

/**
 * Gives a session's hidden states by name from what an engine computes. With room to keep them each text's are computed alone, once, so that
 * they do not depend on the batch that the text was first seen in; without, a batch is one pass.
 * For example `findHidden(model, 0, compute)(["embeddings"], { ids: [[5, 6]] })`: two rows.
 * @param limit bytes that are kept, 4 for each number; longest unused first out
 * @throws when a name is unknown, with those that exist, or the batch does not fit the model
 */
export function findHidden(model: Model, limit: number, compute: ComputeHidden): FindHidden {
  const recent = recentTexts(limit);
  const kept = new Map<string, HiddenStates>();
  let latest: Promise<unknown> = Promise.resolve();
  const find: FindHidden = async (names, batch, rows = "token") => {
    const places = hiddenPlaces(model, names);
    checkTexts(batch, model);
    const scored = scoredPlaces(batch);
    if (limit === 0) return named(names, await compute(places, rows, batch));
    const found = new Map<string, HiddenStates>();
    const perText: string[][] = [];
    for (const [b, ids] of batch.ids.entries()) {
      const at = scored.filter(({ text }) => text === b).map((place) => place.at);
      const keys = places.map((place) => `${place} ${rows} ${ids.join()} ${rows === "scored" ? at.join() : ""}`);
      for (const key of keys) {
        const known = kept.get(key);
        if (known !== undefined) found.set(key, known);
      }
      const missing = keys.flatMap((key, i) => (found.has(key) ? [] : [i]));
      if (missing.length > 0) {
        const made = await compute(missing.map((i) => places[i]!), rows, { ids: [ids], scored: [at] }); // prettier-ignore
        missing.forEach((i, k) => found.set(keys[i]!, made[k]!));
      }
      perText.push(keys);
    }
    for (const [key, states] of found) kept.set(key, states);
    for (const key of recent.use([...found].map(([name, { data }]) => ({ key: name, bytes: data.byteLength }))))
      kept.delete(key);
    return named(
      names,
      names.map((_, i) => joined(perText.map((keys) => found.get(keys[i]!)!))),
    );
  };
  return (...asked) => {
    const found = latest.then(() => find(...asked));
    latest = found.catch(() => undefined);
    return found;
  };
}

function named(names: readonly string[], states: readonly HiddenStates[]): ReadonlyMap<string, HiddenStates> {
  return new Map(names.map((name, i) => [name, states[i]!]));
}

/** Rows of texts one after another. */
function joined(texts: readonly HiddenStates[]): HiddenStates {
  const data = new Float32Array(texts.reduce((sum, { data: own }) => sum + own.length, 0));
  let at = 0;
  for (const { data: own } of texts) {
    data.set(own, at);
    at += own.length;
  }
  return { data, rows: texts.reduce((sum, { rows }) => sum + rows, 0), width: texts[0]!.width };
}
