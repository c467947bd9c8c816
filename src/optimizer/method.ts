import { fail } from "../check/check";
import { checkDirections, type DirectionSpec } from "../estimator/directions";
import { checkEstimator, type EstimatorSpec } from "../estimator/estimate";
import type { OwnEstimator } from "../estimator/own";
import type { Exponent } from "../schedule/power-law";
import { checkSchedule, scheduleOf, type Schedule } from "../schedule/schedule";
import { checkRule, type RuleSpec } from "./rules";

/** A method: a composition of parts, as plain data that is written to trajectories and records. */
export interface Method {
  readonly name: string;
  readonly estimator: EstimatorSpec;
  readonly directions: DirectionSpec;
  /** Q. */
  readonly queries: Schedule;
  /** eta; not divided or multiplied by the number of queries. */
  readonly learningRate: Schedule;
  readonly rule: RuleSpec;
}

/** What all named methods let one choose. */
export interface MethodOptions {
  /** eta, default 1e-4. */
  readonly learningRate?: number | Schedule;
  /** epsilon of the two-sided estimator, default 1e-3. */
  readonly perturbationScale?: number;
  /** Queries in one call of the engine, default 1 two-sided and all of a step's directional. */
  readonly chunk?: number;
  /** Default "two-sided", as in the papers; or one of your own (`ownEstimator`). */
  readonly estimator?: "two-sided" | "directional" | OwnEstimator;
  /** Default 0. */
  readonly weightDecay?: number;
  /** The name in records and figures. */
  readonly name?: string;
}

export interface AdazetaOptions extends MethodOptions {
  /** alpha, default 0.85. */
  readonly multiplier?: number;
  /** beta, or the queries to reach at the end of training. */
  readonly exponent: Exponent;
  /** Largest number of queries, default 15. */
  readonly cap?: number;
}

export interface MezoOptions extends MethodOptions {
  /** Q, default 1. */
  readonly queries?: number | Schedule;
}

/**
 * AdaZeta: two-sided Gaussian estimates averaged over Q(epoch) = min(max(floor(alpha epoch^beta), 1), cap) queries, then SGD.
 * @throws naming the option that is out of range
 * @example adazeta({ exponent: { target: 20, epochs: 160 } }).queries // { kind: "power-law", form: "current", multiplier: 0.85, ... }
 * Source: arXiv 2406.18060; defaults of yifanycc/AdaZeta@3659ba3, large_models (its weight decay is 0.01 there, 0 for RoBERTa).
 */
export function adazeta({ multiplier = 0.85, exponent, cap = 15, ...options }: AdazetaOptions): Method {
  const queries: Schedule = { kind: "power-law", form: "current", multiplier, exponent, cap };
  return compose("adazeta", { kind: "gaussian" }, queries, options);
}

/**
 * MeZO: two-sided Gaussian estimates with one query (or a constant number, n-SPSA), then SGD.
 * @throws naming the option that is out of range
 * @example mezo({ learningRate: 3e-3 }).queries // { kind: "constant", value: 1 }
 * Source: arXiv 2305.17333, algorithm 1.
 */
export function mezo({ queries = 1, ...options }: MezoOptions = {}): Method {
  return compose("mezo", { kind: "gaussian" }, scheduleOf(queries), options);
}

/**
 * MeZO-FT: MeZO on every weight of the model (an adapter of kind "full"). Directions are pieces of one table of 2^bits standard normals,
 * since noise for each of hundreds of millions of weights would cost more than the forward passes; they are not independent normals
 * (`tableDirection` says what they are). `mezo` on the same adapter draws those.
 * @throws naming the option that is out of range
 * @example mezoFull({ learningRate: 1e-6 }).directions // { kind: "table", bits: 20 }
 * Source: arXiv 2305.17333 (full-parameter fine-tuning there). Departs: the table is ours, after arXiv 1703.03864.
 */
export function mezoFull({
  bits = 20,
  queries = 1,
  ...options
}: MezoOptions & {
  /** Default 20: 4 MiB of numbers. */
  readonly bits?: number;
} = {}): Method {
  return compose("mezo-full", { kind: "table", bits }, scheduleOf(queries), options);
}

/**
 * MeZO on a random quarter of the parameters, new at each step: what AdaZeta's reference code runs under the name Sparse-MeZO.
 * @throws naming the option that is out of range
 * @example randomMask().directions // { kind: "random-mask", keep: 0.25 }
 * Source: yifanycc/AdaZeta@298aaea.
 */
export function randomMask({
  keep = 0.25,
  queries = 1,
  ...options
}: MezoOptions & { readonly keep?: number } = {}): Method {
  return compose("random-mask", { kind: "random-mask", keep }, scheduleOf(queries), options);
}

export interface FirstOrderOptions {
  /** eta, default 1e-4. */
  readonly learningRate?: number | Schedule;
  /** Default "adamw". */
  readonly rule?: RuleSpec["kind"];
  /** Default 0. */
  readonly weightDecay?: number;
  /** The name in records and figures, default "first-order". */
  readonly name?: string;
}

/**
 * Gives the first-order baseline: exact gradients by backpropagation, then AdamW (or SGD). What it trains is the adapter's choice:
 * LoRA, a bottleneck, or the whole model. Needs an engine that gives gradients.
 * @throws naming the option that is out of range
 * @example firstOrder({ learningRate: 1e-3 }).rule // { kind: "adamw", weightDecay: 0, firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 }
 * Source: AdamW's constants are PyTorch's defaults, but for the weight decay.
 */
export function firstOrder(options: FirstOrderOptions = {}): Method {
  const { learningRate = 1e-4, rule = "adamw", weightDecay = 0, name = "first-order" } = options;
  return checkMethod({
    name,
    estimator: { kind: "backpropagation" },
    directions: { kind: "gaussian" },
    queries: { kind: "constant", value: 1 },
    learningRate: scheduleOf(learningRate),
    rule:
      rule === "adamw"
        ? { kind: rule, weightDecay, firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 }
        : { kind: rule, weightDecay },
  });
}

function compose(name: string, directions: DirectionSpec, queries: Schedule, options: MethodOptions): Method {
  const { learningRate = 1e-4, perturbationScale = 1e-3, estimator = "two-sided", weightDecay = 0, chunk } = options;
  return checkMethod({
    name: options.name ?? name,
    estimator:
      typeof estimator === "object"
        ? estimator
        : estimator === "directional"
          ? { kind: estimator, chunk: chunk ?? null }
          : { kind: estimator, perturbationScale, chunk: chunk ?? 1 },
    directions,
    queries,
    learningRate: scheduleOf(learningRate),
    rule: { kind: "sgd", weightDecay },
  });
}

/**
 * Checks a method that came from outside (a cell, a trajectory file).
 * @throws naming the part, for example "method.estimator.perturbationScale: expected a positive number, got 0"
 */
export function checkMethod(method: Method): Method {
  const parts = ["estimator", "directions", "queries", "learningRate", "rule"] as const;
  for (const part of parts) {
    if (typeof method[part] !== "object" || method[part] === null)
      fail(`method.${part}`, "a {kind, ...}", method[part]);
  }
  if (typeof method.name !== "string" || method.name === "") fail("method.name", "a name", method.name);
  checkEstimator("method.estimator", method.estimator);
  checkDirections("method.directions", method.directions);
  checkSchedule("method.queries", method.queries);
  checkSchedule("method.learningRate", method.learningRate);
  checkRule("method.rule", method.rule);
  return method;
}
