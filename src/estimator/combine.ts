import { kindIn, type SpecIn } from "../check/kinds";
import { mean } from "../tree/mean";

/** A kind of combination: how the numbers that were measured become weights on directions. */
export interface CombineKind<Spec> {
  /** @throws naming the field that is out of range */
  check(what: string, spec: Spec): void;
  /** The weight of each direction, in order, from all projected gradients of the step. */
  weights(spec: Spec, projectedGradients: readonly number[]): readonly number[];
  /** Compares the queries of a step with each other: of one alone nothing is left. */
  readonly compares?: true;
  /** The weight of one direction of Q, where it follows from its own number alone. */
  weightOf?(spec: Spec, queries: number): (projectedGradient: number) => number;
}

const NOTHING = (): void => undefined;

/** A combination in which a direction's weight follows from its own number. */
function apart(weightOf: (p: number, queries: number) => number): CombineKind<unknown> {
  return {
    check: NOTHING,
    weights: (_spec, ps) => ps.map((p) => weightOf(p, ps.length)),
    weightOf: (_spec, queries) => (p) => weightOf(p, queries),
  };
}

/** The kinds of combinations by name, each divided by Q. */
export const combineKinds = {
  /** p_q: the papers' average. */
  mean: apart((p, queries) => p / queries),
  /** sign(p_q): the length of a step does not depend on the loss's scale. Source: ZO-Bench/ZO-LLM@bf210fa, zo_sign. */
  sign: apart((p, queries) => Math.sign(p) / queries),
  /**
   * p_q over the standard deviation (1 / Q) of the step's p: a step's length does not depend on the loss's scale either. Nothing moves where
   * all are equal. Source: FZOO, arXiv 2506.09034; DKmiyan/FZOO@d4f8a8b, whose losses' spread is epsilon times this one.
   */
  spread: { check: NOTHING, compares: true, weights: (_spec, ps) => ps.map((p) => over(p, deviation(ps)) / ps.length) },
  /** (p_q - mean) / (standard deviation + 1e-8), for objectives that are no loss. Source: VsonicV/es-fine-tuning-paper@523afc8. */
  "z-score": {
    check: NOTHING,
    compares: true,
    weights: (_spec, ps) => ps.map((p) => (p - mean(ps)) / (deviation(ps) + 1e-8) / ps.length),
  },
  /** Centred ranks from -1/2 to 1/2, equal numbers sharing theirs: outliers do not count. Source: Salimans et al., arXiv 1703.03864, section 2. */
  rank: { check: NOTHING, compares: true, weights: (_spec, ps) => ps.map((p) => rankOf(p, ps) / ps.length) },
} as const satisfies Readonly<Record<string, CombineKind<unknown>>>;

/** How numbers become weights, as plain data. */
export type CombineSpec = SpecIn<typeof combineKinds>;

/** Checks a specification that came from outside. @throws naming the field */
export function checkCombine(what: string, spec: CombineSpec): CombineSpec {
  combineKind(what, spec).check(what, spec);
  return spec;
}

/**
 * Gives the weight of each direction in the gradient.
 * @example weightsOf({ kind: "mean" }, [2, 4]) // [1, 2]
 */
export function weightsOf(spec: CombineSpec, projectedGradients: readonly number[]): readonly number[] {
  return combineKind("combine", spec).weights(spec, projectedGradients);
}

/** Gives the row of a specification. @throws when there is no such kind */
export function combineKind(what: string, spec: CombineSpec): CombineKind<CombineSpec> {
  return kindIn(combineKinds, what, spec);
}

function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}

function over(value: number, by: number): number {
  return by === 0 ? 0 : value / by;
}

function rankOf(value: number, values: readonly number[]): number {
  if (values.length < 2) return 0;
  const below = values.filter((other) => other < value).length;
  const equal = values.filter((other) => other === value).length;
  return (below + (equal - 1) / 2) / (values.length - 1) - 0.5;
}
