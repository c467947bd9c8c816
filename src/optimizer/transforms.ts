import { kindIn, type SpecIn } from "../check/kinds";
import type { TransformKind } from "./transform";
import { accumulation } from "./transforms/accumulation";
import { adam } from "./transforms/adam";
import { alignment } from "./transforms/alignment";
import { clipNorm } from "./transforms/clip-norm";
import { factored } from "./transforms/factored";
import { learnedScales } from "./transforms/learned-scales";
import { lowRankMomentum } from "./transforms/low-rank-momentum";
import { momentum } from "./transforms/momentum";
import { orthogonal } from "./transforms/orthogonal";
import { rebuiltAdam } from "./transforms/rebuilt-adam";
import { relativeRate } from "./transforms/relative-rate";
import { requantize } from "./transforms/requantize";
import { temporalAdam } from "./transforms/temporal-adam";
import { temporalMomentum } from "./transforms/temporal-momentum";
import { trustRatio } from "./transforms/trust-ratio";
import { decoupledWeightDecay, weightDecay } from "./transforms/weight-decay";

/** The kinds of transforms by name, links of a chain between the gradient and the step. */
export const transformKinds = {
  "weight-decay": weightDecay,
  "decoupled-weight-decay": decoupledWeightDecay,
  momentum,
  "low-rank-momentum": lowRankMomentum,
  adam,
  "rebuilt-adam": rebuiltAdam,
  alignment,
  orthogonal,
  requantize,
  "temporal-momentum": temporalMomentum,
  "temporal-adam": temporalAdam,
  "clip-norm": clipNorm,
  factored,
  "relative-rate": relativeRate,
  "learned-scales": learnedScales,
  "trust-ratio": trustRatio,
  accumulation,
} as const;

/** A transform as plain data. */
export type TransformSpec = SpecIn<typeof transformKinds>;

/** Gives the row of a specification. @throws when there is no such kind */
export function transformKind(what: string, spec: TransformSpec): TransformKind<TransformSpec> {
  return kindIn(transformKinds, what, spec);
}

/** Says whether a kind of transform only lets weights decay: it leaves steps along the gradient as they are. @example isDecay("adam") // false */
export function isDecay(kind: TransformSpec["kind"]): boolean {
  return kind === "weight-decay" || kind === "decoupled-weight-decay";
}
