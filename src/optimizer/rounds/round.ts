import type { PassCost } from "../../schedule/forward-passes";

/** by times the direction of a query, as a term of a point. */
export interface Term {
  readonly by: number;
  readonly query: number;
}

/** Points to ask losses at: theta plus the sum of each one's terms; no term is theta itself. */
export type Ask = readonly (readonly Term[])[];

/** What a step of rounds is made in. */
export interface RoundsHere {
  /** Q. */
  readonly queries: number;
  readonly learningRate: number;
}

/** What a step of rounds comes to: from the answers alone, so that a replay comes to the same. */
export interface RoundsEnd {
  readonly projectedGradients: readonly number[];
  /** The weight of each direction in the gradient. */
  readonly weights: readonly number[];
  /** The training loss to show. */
  readonly loss: number;
}

/** A kind of rounds: asks, gets the losses of what it asked, and may ask again. */
export interface RoundsKind<Spec> {
  /** @throws naming the field that is out of range */
  check(what: string, spec: Spec): void;
  /** What a step costs. */
  passes(spec: Spec): PassCost;
  /** Its first points are two for each query, ahead and behind along that direction, all from theta: what is recorded are derivatives there. */
  readonly apart?: true;
  run(spec: Spec, here: RoundsHere): Generator<Ask, RoundsEnd, readonly number[]>;
}
