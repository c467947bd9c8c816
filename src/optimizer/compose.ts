import type { CombineSpec } from "../estimator/combine";
import type { DirectionSpec } from "../estimator/directions";
import type { ProbeSpec } from "../estimator/probes";
import type { OwnEstimator } from "../estimator/probes/own";
import { scheduleOf, type Schedule } from "../schedule/schedule";
import { checkMethod, type Method } from "./method";
import type { RoundsSpec } from "./rounds";
import type { TransformSpec } from "./transforms";

/** What all zeroth-order methods let one choose. */
export interface MethodOptions {
  /** eta, default 1e-4. */
  readonly learningRate?: number | Schedule;
  /** epsilon, default 1e-3. */
  readonly perturbationScale?: number;
  /** Queries in one call of the engine, default 1 along a line and all of a step's with exact derivatives. */
  readonly chunk?: number;
  /** Default: the method's own, as in its paper; or exact derivatives, or one of your own (`ownEstimator`). */
  readonly estimator?: "two-sided" | "directional" | OwnEstimator;
  /** Default 0. */
  readonly weightDecay?: number;
  /** The name in records and figures. */
  readonly name?: string;
}

/** What a method with a constant number of queries lets one choose. */
export interface MezoOptions extends MethodOptions {
  /** Q, default 1. */
  readonly queries?: number | Schedule;
}

export interface LozoOptions extends MezoOptions {
  /** r, default 2. */
  readonly rank?: number;
  /** nu, the steps that a right factor is kept for, default 50. */
  readonly redraw?: number;
}

/** What a row of the table composes, beside what all methods share. */
export interface Parts {
  readonly directions: DirectionSpec;
  readonly queries?: number | Schedule | undefined;
  /** Default "two-sided". */
  readonly probe?: "two-sided" | "one-sided" | "three-point";
  readonly rounds?: RoundsSpec;
  /** Default the mean. */
  readonly combine?: CombineSpec;
  /** Before the weight decay. */
  readonly transforms?: readonly TransformSpec[];
}

/** Composes a method of a row's parts and what all methods let one choose. @throws naming the option that is out of range */
export function compose(name: string, parts: Parts, options: MethodOptions): Method {
  const { learningRate = 1e-4, weightDecay = 0 } = options;
  const { directions, queries = 1, rounds, combine = { kind: "mean" }, transforms = [] } = parts;
  return checkMethod({
    name: options.name ?? name,
    directions,
    ...(rounds === undefined ? { probe: probeOf(parts, options) } : { rounds }),
    combine,
    transforms: [...transforms, { kind: "weight-decay", weightDecay }],
    queries: scheduleOf(queries, "queries"),
    learningRate: scheduleOf(learningRate, "learningRate"),
  });
}

function probeOf(
  { probe = "two-sided" }: Parts,
  { estimator, perturbationScale = 1e-3, chunk }: MethodOptions,
): ProbeSpec {
  if (typeof estimator === "object") return estimator;
  if (estimator === "directional") return { kind: estimator, chunk: chunk ?? null };
  return { kind: estimator ?? probe, perturbationScale, chunk: chunk ?? 1 };
}

/** What methods along an exact gradient let one choose. */
export interface ExactOptions {
  /** eta; default: the method's own, 1e-4 for `firstOrder`. */
  readonly learningRate?: number | Schedule;
  /** Default 0. */
  readonly weightDecay?: number;
  /** The name in records and figures. */
  readonly name?: string;
}

/** Composes a method along an exact gradient: what gives it, and the chain of its step. @throws naming the option that is out of range */
export function composeExact(
  name: string,
  learningRate: number | Schedule,
  transforms: readonly TransformSpec[],
  probe: ProbeSpec = inParts(),
): Method {
  return checkMethod({
    name,
    directions: { kind: "gaussian" },
    probe,
    combine: { kind: "mean" },
    transforms,
    queries: { kind: "constant", value: 1 },
    learningRate: scheduleOf(learningRate, "learningRate"),
  });
}

/** Gives the probe of a plain exact gradient. @example inParts(2) // { kind: "backpropagation", parts: 2 } */
export function inParts(parts?: number): ProbeSpec {
  return { kind: "backpropagation", ...(parts !== undefined && { parts }) };
}
