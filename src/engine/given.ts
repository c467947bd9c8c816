import { fail, sameLength } from "../check/check";
import type { Model } from "../model/model";
import type { GivenName } from "../ops/low-ops";
import type { GradientForm } from "./record-model";
import { scoredPlaces } from "./scored";
import type { EmbeddingOffset, Features, GradientLoss, PullBack, TokenBatch } from "./session";

/** Numbers with their axes. */
export interface GivenRows {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** What a call of a gradient brings: the program that it needs, the values that this reads, and the loss's derivative where it is known before. */
export interface GivenGradient {
  readonly form: GradientForm;
  readonly values: ReadonlyMap<GivenName, GivenRows>;
  /** The derivative by each number of the program's first result; null: whoever asks pulls back. */
  readonly cotangent: ArrayLike<number> | null;
}

/**
 * Checks what is differentiated and what is added to the embeddings against model and batch, before anything is computed.
 * @throws when a loss or an offset has another number of values than the batch, the model and its own classes ask for
 */
export function givenGradient(
  model: Pick<Model, "width" | "embeddingWidth">,
  batch: TokenBatch,
  loss: GradientLoss | ((...args: never[]) => unknown),
  offset?: EmbeddingOffset,
): GivenGradient {
  const values = new Map<GivenName, GivenRows>();
  const { width, embeddingWidth } = model;
  if (offset !== undefined) values.set("offset", givenOffset(batch, embeddingWidth, offset.rows));
  const by = offset?.by ?? null;
  if (typeof loss === "function") return { form: { classes: null, offset: by }, values, cotangent: null };
  const { weights, classes } = loss;
  const rows = scoredPlaces(batch).length;
  sameLength("loss.weights", weights.length, rows);
  if (classes === null) {
    if (width !== 1) fail("loss.classes", "rows of classes (features of width 1 alone are losses themselves)", "none");
    return { form: { classes: null, offset: by }, values, cotangent: weights };
  }
  const count = classes.biases.length;
  if (count === 0) fail("loss.classes", "at least one class", "none");
  sameLength("loss.classes.rows", classes.rows.length, count * width);
  sameLength("loss.classes.shares", classes.shares.length, rows * count);
  values.set("rows", { data: classes.rows, shape: [1, count, width] });
  values.set("biases", { data: classes.biases, shape: [1, 1, count] });
  values.set("shares", { data: classes.shares, shape: [1, rows, count] });
  return { form: { classes: count, offset: by }, values, cotangent: weights };
}

/** Gives an offset of a batch's embeddings as a program reads it. @param leading how many there are, one after another; default 1 */
export function givenOffset(
  { ids }: TokenBatch,
  width: number,
  rows: ArrayLike<number>,
  leading: number = 1,
): GivenRows {
  const tokens = ids.reduce((sum, { length }) => sum + length, 0);
  if (rows.length !== leading * tokens * width)
    fail(
      "offset.rows",
      `${leading * tokens * width} numbers (${tokens} tokens x ${width}, the embedding's width)`,
      rows.length,
    );
  return { data: rows, shape: [leading, tokens, width] };
}

/** Gives the loss's derivative by the features, as whoever asked pulls it back. @throws when it has another number of values */
export function cotangentOf(pullBack: PullBack, features: Features): Float32Array {
  const cotangent = pullBack(features);
  if (cotangent.length === features.data.length) return cotangent;
  return fail("pullBack", `${features.data.length} numbers, one for each feature`, cotangent.length);
}
