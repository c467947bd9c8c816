import type { Adapter } from "../adapter/adapter";
import { forwardWith } from "../model/forward-with";
import { hiddenForward } from "../model/hidden-forward";
import type { HiddenRows } from "../model/hidden-forward";
import type { Model } from "../model/model";
import { classLosses } from "../ops/class-losses";
import { dual } from "../ops/dual";
import { plain } from "../ops/plain";
import { needed, record } from "../ops/program";
import type { Recording } from "../ops/program";
import { reverse } from "../ops/reverse";
import type { DerivativeBy, Gradient } from "../ops/reverse";

/** Makes an adapted model as a program: "plain" gives its features, "dual" also their tangents (none where nothing is trainable). */
export function recordModel(model: Model, adapter: Adapter, kind: "plain" | "dual"): Recording {
  return record((low) => {
    if (kind === "plain") return [forwardWith(model, adapter, plain(low))];
    const { primal, tangents } = forwardWith(model, adapter, dual(low));
    return tangents === null ? [primal] : [primal, tangents];
  });
}

/** What is differentiated, by what. */
export interface GradientForm {
  /** The cross-entropy of each row of the features over so many classes, with the features as a further result; null: the features themselves. */
  readonly classes: number | null;
  /** By what, where an offset is added to the embeddings; null: there is none, by the point. */
  readonly offset: DerivativeBy | null;
}

/** Says whether the derivative by the offset is wanted. */
export function byOffset({ offset }: GradientForm): boolean {
  return offset === "offset" || offset === "both";
}

/** The features at a point, by the point. */
export const FEATURES_BY_POINT: GradientForm = { classes: null, offset: null };

/**
 * Makes the program of an adapted model's features, or of their losses and the features, and of the gradient. The features are the last of its
 * `results`.
 */
export function recordGradient(
  model: Model,
  adapter: Adapter,
  { classes, offset }: GradientForm = FEATURES_BY_POINT,
): Gradient {
  const { width, embeddingWidth, reading } = model;
  const recording = record((low) => {
    const added = offset === null ? null : low.given("offset", [1, "T", embeddingWidth]);
    const features = forwardWith(model, adapter, plain(low), added);
    if (classes === null) return [features];
    return [classLosses(low, features, { classes, width, rows: reading === "pooled" ? "B" : "K" }), features];
  });
  return reverse(recording, adapter.layout, offset ?? "point");
}

/** Makes the program of the frozen model's hidden states at these places of a tap, without what no one of them needs. */
export function recordHidden(model: Model, places: readonly number[], rows: HiddenRows): Recording {
  return needed(record((low) => hiddenForward(model, plain(low), places, rows)));
}
