import { nonNegativeInteger } from "../check/check";
import { kindIn } from "../check/kinds";
import type { SpecIn } from "../check/kinds";
import type { Layout } from "../tree/layout";
import { drawInto, plainHere } from "./direction";
import type { DirectionKind, Draw, Here } from "./direction";
import { blocks } from "./directions/blocks";
import { gaussian } from "./directions/gaussian";
import { learnedDiagonal } from "./directions/learned-diagonal";
import { lowRank } from "./directions/low-rank";
import { lowRankFresh } from "./directions/low-rank-fresh";
import { lowRankUnmeasured } from "./directions/low-rank-unmeasured";
import { own } from "./directions/own";
import { quantized } from "./directions/quantized";
import { projected } from "./directions/projected";
import { randomMask } from "./directions/random-mask";
import { sign } from "./directions/sign";
import { smallWeights } from "./directions/small-weights";
import { simulatedMomentum } from "./directions/simulated-momentum";
import { sphere } from "./directions/sphere";
import { subspace } from "./directions/subspace";
import { temporal } from "./directions/temporal";
import { table } from "./directions/table";

/**
 * The kinds of directions by name. Gaussian, sphere, sign, table and subspace have E |z|^2 = d, so that learning rates carry over; the
 * others say what theirs is.
 */
export const directionKinds = {
  gaussian,
  sphere,
  sign,
  "random-mask": randomMask,
  blocks,
  "small-weights": smallWeights,
  table,
  "low-rank": lowRank,
  "low-rank-unmeasured": lowRankUnmeasured,
  "low-rank-fresh": lowRankFresh,
  subspace,
  projected,
  temporal,
  "learned-diagonal": learnedDiagonal,
  "simulated-momentum": simulatedMomentum,
  quantized,
  own,
} as const;

/** The distribution of a direction z [d], as plain data: `{ kind, ... }` with the settings of that kind. */
export type DirectionSpec = SpecIn<typeof directionKinds>;

/** Which direction: it is a pure function of these three and of what a part may look at. */
export interface DirectionIndex {
  readonly seed: number;
  readonly step: number;
  readonly query: number;
}

/** Checks a specification that came from outside. @throws naming the field */
export function checkDirections(what: string, spec: DirectionSpec): DirectionSpec {
  directionKind(what, spec).check(what, spec);
  return spec;
}

/** Checks that directions can be drawn for these tensors. @throws naming the first tensor for which they cannot */
export function checkDirectionsFit(what: string, spec: DirectionSpec, layout: Layout): void {
  directionKind(what, spec).fits?.(what, spec, layout);
}

/** Gives the direction that is part of a run's identity; null for kinds whose settings say all. */
export function sampleDirections(spec: DirectionSpec, here: Here): Float32Array | null {
  return directionKind("directions", spec).sample?.(spec, here) ?? null;
}

/** Gives what directions carry in a step: what they have, or what they begin with. */
export function beginDirections(spec: DirectionSpec, here: Here): Here {
  return beginKind(directionKind("directions", spec), spec, here);
}

/** Gives what a kind's directions carry in a step. */
export function beginKind<Spec>({ begin }: DirectionKind<Spec>, spec: Spec, here: Here): Here {
  const vectors = begin?.(spec, here);
  return vectors === undefined ? here : { ...here, state: { ...here.state, vectors } };
}

/** Opens the directions of one step, which has begun: the result draws those of its queries. */
export function openDirections(spec: DirectionSpec, here: Here): Draw {
  return directionKind("directions", spec).open(spec, here);
}

/** Gives the row of a specification. @throws when there is no such kind */
export function directionKind(what: string, spec: DirectionSpec): DirectionKind<DirectionSpec> {
  return kindIn(directionKinds, what, spec);
}

/**
 * Makes a direction z [d] as a run draws it in its first step: of a vector that is one tensor of that size, or of the tensors of a layout.
 * @throws when the specification is malformed, does not fit the tensors, or an index is not a count
 * @example direction({ kind: "sign" }, { seed: 0, step: 3, query: 1 }, 4) // Float32Array [1, 1, -1, -1]
 */
export function direction(
  spec: DirectionSpec,
  { seed, step, query }: DirectionIndex,
  of: number | Layout,
): Float32Array {
  checkDirections("directions", spec);
  const size = nonNegativeInteger("size", typeof of === "number" ? of : of.size);
  const plain = plainHere(seed, step, size, new Float32Array(size));
  const here = typeof of === "number" ? plain : { ...plain, layout: of };
  checkDirectionsFit("directions", spec, here.layout);
  const out = new Float32Array(here.layout.size);
  drawInto(openDirections(spec, beginDirections(spec, here)), query, out);
  return out;
}

/** Gives the standard normal direction of a seed, step and query: the paper's z. */
export function gaussianDirection(seed: number, step: number, query: number, size: number): Float32Array {
  return direction({ kind: "gaussian" }, { seed, step, query }, size);
}
