import { kindIn, type SpecIn } from "../check/kinds";
import type { PassCost } from "../schedule/forward-passes";
import { conservative } from "./rounds/conservative";
import { extrapolated } from "./rounds/extrapolated";
import { guided } from "./rounds/guided";
import { inTurn } from "./rounds/in-turn";
import { population } from "./rounds/population";
import { rescaled } from "./rounds/rescaled";
import type { RoundsKind } from "./rounds/round";
import { varianceReduced } from "./rounds/variance-reduced";

/** The kinds of methods that ask in several rounds within a step, by name. */
export const roundsKinds = {
  conservative,
  "in-turn": inTurn,
  guided,
  population,
  extrapolated,
  "variance-reduced": varianceReduced,
  rescaled,
} as const;

/** A method's rounds as plain data. */
export type RoundsSpec = SpecIn<typeof roundsKinds>;

/** Checks a specification that came from outside. @throws naming the field */
export function checkRounds(what: string, spec: RoundsSpec): RoundsSpec {
  roundsKind(what, spec).check(what, spec);
  return spec;
}

/** Says what a step of rounds costs. */
export function passesOfRounds(spec: RoundsSpec): PassCost {
  return roundsKind("rounds", spec).passes(spec);
}

/** Gives the row of a specification. @throws when there is no such kind */
export function roundsKind(what: string, spec: RoundsSpec): RoundsKind<RoundsSpec> {
  return kindIn(roundsKinds, what, spec);
}
