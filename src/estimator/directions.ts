import { fail, nonNegativeInteger } from "../check/check";
import { kindsInWords } from "../check/kinds";
import type { SpecIn } from "../check/kinds";
import type { DirectionKind, DirectionsAt, Draw } from "./direction";
import { drawInto } from "./direction";
import { gaussian } from "./directions/gaussian";
import { randomMask } from "./directions/random-mask";
import { sign } from "./directions/sign";
import { sphere } from "./directions/sphere";
import { table } from "./directions/table";

/** The kinds of directions by name; each has E[z z^T] = I, but for the mask, which has `keep` I. */
export const directionKinds = { gaussian, sphere, sign, "random-mask": randomMask, table } as const;

/** The distribution of a direction z [d], as plain data: `{ kind, ... }` with the settings of that kind. */
export type DirectionSpec = SpecIn<typeof directionKinds>;

/** Which direction: it is a pure function of these three and the vector's length. */
export interface DirectionIndex {
  readonly seed: number;
  readonly step: number;
  readonly query: number;
}

/** Checks a specification that came from outside. @throws naming the field */
export function checkDirections(what: string, spec: DirectionSpec): DirectionSpec {
  kindOf(what, spec).check(what, spec);
  return spec;
}

/** Opens the directions of one step: the result draws those of its queries. */
export function openDirections(spec: DirectionSpec, at: DirectionsAt): Draw {
  return kindOf("directions", spec).open(spec, at);
}

/**
 * Makes a direction z [size].
 * @throws when the specification is malformed or an index is not a count
 * @example direction({ kind: "sign" }, { seed: 0, step: 3, query: 1 }, 4) // Float32Array [1, 1, -1, -1]
 */
export function direction(spec: DirectionSpec, { seed, step, query }: DirectionIndex, size: number): Float32Array {
  checkDirections("directions", spec);
  const out = new Float32Array(nonNegativeInteger("size", size));
  drawInto(openDirections(spec, { seed, step, size }), query, out);
  return out;
}

/** Gives the standard normal direction of a seed, step and query: the paper's z. */
export function gaussianDirection(seed: number, step: number, query: number, size: number): Float32Array {
  return direction({ kind: "gaussian" }, { seed, step, query }, size);
}

function kindOf(what: string, spec: DirectionSpec): DirectionKind<DirectionSpec> {
  if (!Object.hasOwn(directionKinds, spec.kind)) fail(`${what}.kind`, kindsInWords(directionKinds), spec.kind);
  return directionKinds[spec.kind] as DirectionKind<DirectionSpec>;
}
