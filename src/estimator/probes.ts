import { kindIn, type SpecIn } from "../check/kinds";
import type { ProbeKind } from "./probe";
import { adversarial } from "./probes/adversarial";
import { backpropagation } from "./probes/backpropagation";
import { directionalProbe } from "./probes/directional";
import { extrapolatedGradients } from "./probes/extrapolated-gradients";
import { oneSided } from "./probes/one-sided";
import { ownProbe } from "./probes/own";
import { sharpnessAware } from "./probes/sharpness-aware";
import { threePoint } from "./probes/three-point";
import { twoSided } from "./probes/two-sided";

/** The kinds of probes by name: at which points of the line theta + a z losses are asked, or that a derivative is. */
export const probeKinds = {
  "two-sided": twoSided,
  "one-sided": oneSided,
  "three-point": threePoint,
  directional: directionalProbe,
  backpropagation,
  own: ownProbe,
  adversarial,
  "extrapolated-gradients": extrapolatedGradients,
  "sharpness-aware": sharpnessAware,
} as const;

/** What is measured in a step, as plain data (an own estimator carries its function beside it). */
export type ProbeSpec = SpecIn<typeof probeKinds>;

/** Checks a specification that came from outside. @throws naming the field */
export function checkProbe(what: string, spec: ProbeSpec): ProbeSpec {
  probeKind(what, spec).check(what, spec);
  return spec;
}

/** Gives the row of a specification. @throws when there is no such kind */
export function probeKind(what: string, spec: ProbeSpec): ProbeKind<ProbeSpec> {
  return kindIn(probeKinds, what, spec);
}
