import { fail, sameLength } from "../check/check";
import type { Model } from "../model/model";
import { scoredPlaces } from "./scored";
import type { Features, TokenBatch } from "./session";

/**
 * Checks a batch against the model.
 * @throws when a text is longer than the model's context, a token id is not in its vocabulary, a text that is mean-pooled has several
 * scored positions, or targets that the model's features need are missing
 */
export function checkTokens(
  batch: TokenBatch,
  model: Pick<Model, "context" | "vocabulary" | "head" | "scoredBy">,
): void {
  const scoresTargets = model.scoredBy !== undefined;
  const places = scoredPlaces(batch);
  if (scoresTargets && !batch.targets)
    fail("batch.targets", "a token for each scored position (the features are their log-probabilities)", "none");
  for (const { text, target } of places)
    if (scoresTargets && target !== null && !(Number.isInteger(target) && target >= 0 && target < model.vocabulary))
      fail(`targets[${text}]`, `token ids 0..${model.vocabulary - 1}`, target);
  if (model.head === null && !scoresTargets && places.length > batch.ids.length)
    fail("batch.scored", "one position a text (the features are means over whole texts)", `${places.length} positions`);
  checkTexts(batch, model);
}

/**
 * Checks a batch's texts against the model, whatever is to be computed of them.
 * @throws when there is no text, one is longer than the model's context, or a token id is not in its vocabulary
 */
export function checkTexts(
  { ids: texts }: TokenBatch,
  { context, vocabulary }: Pick<Model, "context" | "vocabulary">,
): void {
  if (texts.length === 0) fail("batch", "at least one text", 0);
  texts.forEach((ids, b) => {
    if (ids.length > context) fail(`batch[${b}]`, `at most ${context} tokens (the model's context)`, ids.length);
    for (const id of ids) if (!(id >= 0 && id < vocabulary)) fail(`batch[${b}]`, `token ids 0..${vocabulary - 1}`, id);
  });
}

/** Gives vectors [d] one after another: [n, d]. @throws when one has another length */
export function stackRows(
  what: string,
  rows: readonly Float32Array[],
  size: number,
  all: Float32Array = new Float32Array(rows.length * size),
): Float32Array {
  rows.forEach((row, i) => {
    sameLength(`${what}[${i}]`, row.length, size);
    all.set(row, i * size);
  });
  return all;
}

/** Gives the rows of one of several points [K, H]: a view, no copy. For example `rowsAt(features, 0)`. */
export function rowsAt({ data, points }: Features, point: number): Float32Array {
  const size = data.length / points;
  return data.subarray(point * size, (point + 1) * size);
}

/** Features that no trainable parameter reaches have one row for all points. */
export function repeated(features: Features, points: number): Features {
  if (features.points === points) return features;
  const size = features.data.length;
  const data = new Float32Array(size * points);
  for (let i = 0; i < points; i++) data.set(features.data, i * size);
  return { ...features, data, points };
}

/** Gives rows for a model without trainable parameters: every derivative is 0. */
export function withoutTangents(
  primal: Features,
  directions: number,
): { readonly primal: Features; readonly tangents: Features } {
  return {
    primal,
    tangents: { ...primal, points: directions, data: new Float32Array(directions * primal.data.length) },
  };
}

/** Features of points computed one after another. */
export function joined(each: readonly Features[]): Features {
  const [head] = each as [Features, ...Features[]];
  const data = new Float32Array(each.length * head.data.length);
  each.forEach((features, i) => data.set(features.data, i * head.data.length));
  return { ...head, data, points: each.length };
}
