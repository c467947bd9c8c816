import { fail, perturbation, positiveNumber } from "../../check/check";
import type { RoundsKind } from "./round";

/** What guided steps are set by. */
export interface Guided {
  /** epsilon of both rounds. */
  readonly perturbationScale: number;
  /** Share of the candidates that count as low, at least one and not all; absent: the lowest alone is the direction. */
  readonly elite?: number;
}

/**
 * Looks at candidates before it measures: one loss ahead along each query's direction, then a two-sided estimate along
 *     v = mean of the directions with the lowest losses - mean of the others
 * or, without `elite`, along the lowest one alone, whose loss ahead is known. Q + 2 forward passes, Q + 1 without `elite`. What is recorded for
 * a query is its share of p v.
 * Source: MeZO-GV and MeZO-Greedy, arXiv 2601.04710, by its abstract and a summary; stan-anony/MeZO-GV@70a2551 (two candidates, of which the
 *   lower is kept for the next step; beyond the first tensor its v is not made of what was measured). Departs: candidates are new at each step.
 */
export const guided: RoundsKind<Guided> = {
  check(what, spec) {
    perturbation(`${what}.perturbationScale`, spec.perturbationScale);
    if ("elite" in spec && positiveNumber(`${what}.elite`, spec.elite) >= 1)
      fail(`${what}.elite`, "a share below 1", spec.elite);
  },
  passes: ({ elite }) => ({ once: elite === undefined ? 1 : 2, perQuery: 1 }),
  *run({ perturbationScale: epsilon, elite }, { queries }) {
    const all = Array.from({ length: queries }, (_, query) => query);
    const losses = yield all.map((query) => [{ by: epsilon, query }]);
    const order = [...all].sort((a, b) => losses[a] - losses[b]);
    const low = elite === undefined ? 1 : Math.min(Math.max(Math.floor(elite * queries), 1), Math.max(queries - 1, 1));
    const shareOf = (place: number): number => (place < low ? 1 / low : elite === undefined ? 0 : -1 / (queries - low));
    const shares = all.map((query) => shareOf(order.indexOf(query)));
    const along = (by: number) =>
      all.flatMap((query) => (shares[query] === 0 ? [] : [{ by: by * shares[query], query }]));
    const known = elite === undefined ? [losses[order[0]]] : [];
    const asked = yield known.length === 0 ? [along(epsilon), along(-epsilon)] : [along(-epsilon)];
    const [ahead, back] = [...known, ...asked];
    const p = (ahead - back) / (2 * epsilon);
    const weights = shares.map((share) => p * share);
    return { projectedGradients: weights, weights, loss: (ahead + back) / 2 };
  },
};
