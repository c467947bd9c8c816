import { fail, sameLength } from "../check/check";
import type { JudgedEvaluation } from "../train/best";
import { spread, tInterval95 } from "./statistics";

/** A change of the dev loss that is called none: one part in a hundred of what it was. */
const VISIBLE = 0.01;

/** How far a run's dev loss went from where it began. */
export interface Movement {
  readonly first: number;
  readonly last: number;
  /** The loss that is farthest from the first. */
  readonly farthest: number;
  /** Whether it ever went farther than one part in a hundred. */
  readonly visible: boolean;
}

/**
 * Says whether a run's dev loss moved at all: max_k |L_k - L_0| against L_0 / 100.
 * @param evaluations in order, the one before training first
 * @returns null before there are two finite ones
 * @example movementOf([{ step: 0, loss: 0.67916 }, { step: 200, loss: 0.67917 }])?.visible // false
 */
export function movementOf(evaluations: readonly JudgedEvaluation[]): Movement | null {
  const losses = evaluations.flatMap(({ loss }) => (loss !== null && Number.isFinite(loss) ? [loss] : []));
  const [first] = losses;
  const last = losses.at(-1);
  if (first === undefined || last === undefined || losses.length < 2) return null;
  const farthest = losses.reduce((a, b) => (Math.abs(b - first) > Math.abs(a - first) ? b : a), first);
  return { first, last, farthest, visible: Math.abs(farthest - first) > VISIBLE * Math.abs(first) };
}

/** The change of a mean over the same texts, with its standard error. */
export interface PairedChange {
  readonly difference: number;
  readonly standardError: number;
  /** Whether it is beyond its own noise: more standard errors than t of n - 1 degrees of freedom (5 %, two-sided). */
  readonly significant: boolean;
}

/**
 * Gives the change of the dev loss between two points, text by text: what all texts have in common drops out,
 *     D = mean_i d_i,  SE = sqrt(sum_i (d_i - D)^2 / (n (n - 1))),  d_i = after_i - before_i
 * A run that learned nothing is called significant once in twenty times; one whose loss fell by four standard errors is missed once in
 * forty.
 * @throws when the lists differ in length or hold fewer than two texts
 * @example pairedChange([1, 2, 3], [0.9, 1.8, 2.9]) // { difference: -0.133, standardError: 0.033, significant: false }
 */
export function pairedChange(before: readonly number[], after: readonly number[]): PairedChange {
  sameLength("after", after.length, before.length);
  const n = before.length;
  if (n < 2) fail("before", "losses of at least two texts", n);
  const changes = after.map((loss, i) => loss - before[i]!);
  const { mean, standardDeviation } = spread(changes);
  const { low, high } = tInterval95(changes);
  return {
    difference: mean,
    standardError: (standardDeviation ?? NaN) / Math.sqrt(n),
    significant: low > 0 || high < 0,
  };
}

/**
 * Gives what is said at the end of a run whose dev loss did not move beyond its own noise; null of a run that moved.
 * @param paired of the same texts at the start and at the end, where it was measured
 * @param proposal what to try, one sentence without its full stop
 */
export function describeStandstill(
  movement: Movement,
  paired: PairedChange | null,
  rate: number | null,
  proposal: string,
): string | null {
  const { first, last, visible } = movement;
  if (visible && (paired === null || paired.significant)) return null;
  const from = `the dev loss did not move${visible ? " beyond its own noise" : ""}: ${first.toFixed(4)} before, ${last.toFixed(4)} after`;
  const noise =
    paired === null
      ? ""
      : `, a change of ${paired.difference.toFixed(4)} ± ${paired.standardError.toFixed(4)} over the same texts`;
  return `${from}${noise}${rate === null ? "" : `, at learning rate ${rate}`}; ${proposal}`;
}
