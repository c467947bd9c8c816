import type { Objective } from "../../estimator/objective";
import type { Vectors } from "../../estimator/state";
import type { PassCost } from "../../schedule/forward-passes";
import type { Layout } from "../../tree/layout";

/** by times the direction of a query, of this step or of an earlier one, as a term of a point. */
export interface Term {
  readonly by: number;
  readonly query: number;
  /** An earlier step; absent: this one. */
  readonly step?: number;
}

/** Where a loss is asked, when not at theta or on the step's batch. */
export interface Place {
  readonly terms: readonly Term[];
  /** [d], absent: theta. */
  readonly from?: Float32Array;
  /** The step whose batch it is asked on; absent: this one's. */
  readonly batch?: number;
  /** The loss of each text is asked, not their mean. The answers to such an ask are the number of texts B, then B numbers for each place. */
  readonly each?: true;
}

/** Points to ask losses at: theta plus the sum of each one's terms; no term is theta itself. */
export type Ask = readonly (readonly Term[] | Place)[];

/** What a step of rounds is made in. */
export interface RoundsHere {
  /** Q. */
  readonly queries: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly step: number;
  readonly layout: Layout;
  /** theta [d]; only to be read. */
  readonly point: Float32Array;
  /** The rounds' own vectors, as the step before left them. */
  readonly carried: Vectors;
}

/** What a step of rounds comes to: from the answers alone, so that a replay comes to the same. */
export interface RoundsEnd {
  readonly projectedGradients: readonly number[];
  /** The weight of each direction in the gradient. */
  readonly weights: readonly number[];
  /** Directions of earlier steps in the gradient, besides. */
  readonly beyond?: readonly Required<Term>[];
  /** The training loss to show. */
  readonly loss: number;
  /** [d], what the step is taken from; absent: theta. */
  readonly from?: Float32Array;
  /** What they carry on; absent: nothing. */
  readonly carried?: Vectors;
}

/** A kind of rounds: asks, gets the losses of what it asked, and may ask again. */
export interface RoundsKind<Spec> {
  /** @throws naming the field that is out of range */
  check(what: string, spec: Spec): void;
  /** @throws when it has nothing to do with these tensors */
  fits?(what: string, spec: Spec, layout: Layout): void;
  /** Asked before a run. @throws when the objective can never answer; absent: every one can */
  needs?(what: string, spec: Spec, objective: Objective<never>): void;
  /** What a step costs. */
  passes(spec: Spec): PassCost;
  /** Its first points are two for each query, ahead and behind along that direction, all from theta: what is recorded are derivatives there. */
  readonly apart?: true;
  /** Asks along directions of earlier steps. */
  readonly again?: true;
  /** Its gradient has directions of earlier steps too, so that no transform can form it. */
  readonly beyond?: true;
  run(spec: Spec, here: RoundsHere): Generator<Ask, RoundsEnd, readonly number[]>;
}
