import type { Adapter } from "../adapter/adapter";
import { forwardWith } from "../model/forward-with";
import { hiddenForward } from "../model/hidden-forward";
import type { HiddenRows } from "../model/hidden-forward";
import type { Model } from "../model/model";
import { dual } from "../ops/dual";
import { plain } from "../ops/plain";
import { needed, record } from "../ops/program";
import type { Recording } from "../ops/program";
import { reverse } from "../ops/reverse";
import type { Gradient } from "../ops/reverse";

/** Makes an adapted model as a program: "plain" gives its features, "dual" also their tangents (none where nothing is trainable). */
export function recordModel(model: Model, adapter: Adapter, kind: "plain" | "dual"): Recording {
  return record((low) => {
    if (kind === "plain") return [forwardWith(model, adapter, plain(low))];
    const { primal, tangents } = forwardWith(model, adapter, dual(low));
    return tangents === null ? [primal] : [primal, tangents];
  });
}

/** Makes the program of an adapted model's features and of the gradient by everything trainable. */
export function recordGradient(model: Model, adapter: Adapter): Gradient {
  return reverse(recordModel(model, adapter, "plain"), adapter.layout);
}

/** Makes the program of the frozen model's hidden states at these places of a tap, without what no one of them needs. */
export function recordHidden(model: Model, places: readonly number[], rows: HiddenRows): Recording {
  return needed(record((low) => hiddenForward(model, plain(low), places, rows)));
}
