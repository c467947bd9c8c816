import { tableOf } from "../rows";
import type { ColumnTable } from "arquero";
import type { Source } from "./published";

/** One curve of the figure: its evaluation loss where the curve begins, where it is lowest, and where it ends. */
export interface FigureCurve {
  readonly task: string;
  readonly method: string;
  readonly batchSize: number | null;
  readonly first: number;
  readonly lowest: number;
  readonly last: number;
}

export const figure1Source: Source = { what: "AdaZeta's Figure 1 (exp.png), Llama-2-7B, about ±0.01", how: "figure" };

/**
 * AdaZeta's Figure 1, evaluation loss on Llama-2-7B over 10,000 steps, learning rate 1e-4 (Sparse-MeZO 1e-6). AdaZeta's curves begin
 * at step 800 and end at 7,800; all are smoothed.
 * Source: exp.png of yifanycc/AdaZeta@3659ba3, by eye.
 */
export const figure1: readonly FigureCurve[] = [
  curve("sst2", "AdaZeta", null, 0.5, 0.195, 0.195),
  curve("sst2", "MeZO-LoRA", 16, 0.76, 0.36, 0.7),
  curve("sst2", "MeZO-LoRA", 64, 0.76, 0.22, 0.235),
  curve("sst2", "Sparse-MeZO", null, 0.57, 0.39, 0.39),
  curve("wic", "AdaZeta", null, 0.705, 0.676, 0.677),
  curve("wic", "MeZO-LoRA", 16, 0.843, 0.695, 0.695),
  curve("wic", "MeZO-LoRA", 64, 0.817, 0.692, 0.692),
  curve("wic", "Sparse-MeZO", null, 0.697, 0.697, 0.697),
  curve("cb", "AdaZeta", null, 0.853, 0.711, 0.711),
  curve("cb", "MeZO-LoRA", 16, 1.01, 0.712, 0.84),
  curve("cb", "MeZO-LoRA", 64, 0.99, 0.725, 0.748),
  curve("cb", "Sparse-MeZO", null, 0.965, 0.773, 0.776),
];

function curve(
  task: string,
  method: string,
  batchSize: number | null,
  first: number,
  lowest: number,
  last: number,
): FigureCurve {
  return { task, method, batchSize, first, lowest, last };
}

/** Gives the figure's curves as a table, one row each. @example figure1Table().numRows() // 12 */
export function figure1Table(curves: readonly FigureCurve[] = figure1): ColumnTable {
  return tableOf(
    curves.map(({ task, method, batchSize, first, lowest, last }) => ({
      task,
      curve: batchSize === null ? method : `${method}, batch ${batchSize}`,
      "first loss": first,
      "lowest loss": lowest,
      "last loss": last,
    })),
  );
}
