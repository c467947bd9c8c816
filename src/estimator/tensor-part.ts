import type { Entry } from "../tree/layout";

/** A matrix of a direction as an outer product, never formed: left right^T, rows x columns. */
export interface OuterPart {
  readonly kind: "outer";
  readonly entry: Entry;
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  /** [rows][rank] */
  readonly left: Float32Array;
  /** [columns][rank] */
  readonly right: Float32Array;
  /** E of a right column's squared length; absent: `columns`, that of standard normals. */
  readonly square?: number;
  /** Where left = basis diag(core): basis [rows][rank] is kept for the run, core [rank] is new. */
  readonly inner?: { readonly basis: Float32Array; readonly core: Float32Array };
}

/** A tensor of a direction with all of its numbers. */
export interface DensePart {
  readonly kind: "dense";
  readonly entry: Entry;
  /** [entry.size] */
  readonly values: Float32Array;
}

export type TensorPart = OuterPart | DensePart;
