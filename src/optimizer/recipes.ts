import { fail } from "../check/check";
import { kindsInWords } from "../check/kinds";
import { knownOptions } from "../check/known-options";
import type { Exponent } from "../schedule/power-law";
import type { Schedule } from "../schedule/schedule";
import {
  compose,
  composeExact,
  inParts,
  type ExactOptions,
  type LozoOptions,
  type MethodOptions,
  type MezoOptions,
} from "./compose";
import type { Method } from "./method";
import { optionsOf } from "./options-of";
import { adamezo } from "./recipes/adamezo";
import { dizo } from "./recipes/dizo";
import { eggroll } from "./recipes/eggroll";
import { es } from "./recipes/es";
import { extrapolated } from "./recipes/extrapolated";
import { extrapolatedSgd } from "./recipes/extrapolated-sgd";
import { forwardGradient } from "./recipes/forward-gradient";
import { fzoo } from "./recipes/fzoo";
import { lamb } from "./recipes/lamb";
import { mezoGreedy, mezoGv } from "./recipes/mezo-gv";
import { mezoSvrg } from "./recipes/mezo-svrg";
import { quzo } from "./recipes/quzo";
import { rateDecay } from "./recipes/rate-decay";
import { scala } from "./recipes/scala";
import { sparseMezo } from "./recipes/sparse-mezo";
import { tezo, tezoAdam, tezoM } from "./recipes/tezo";
import { zoAdamu } from "./recipes/zo-adamu";
import { zoAlign } from "./recipes/zo-align";
import { zoBlockwise } from "./recipes/zo-blockwise";
import { zoMuon } from "./recipes/zo-muon";
import { zoSparse } from "./recipes/zo-sparse";
import type { TransformSpec } from "./transforms";

export type { ExactOptions, LozoOptions, MethodOptions, MezoOptions } from "./compose";

export interface AdazetaOptions extends MethodOptions {
  /** alpha, default 0.85. */
  readonly multiplier?: number;
  /** beta, or the queries to reach at the end of training. */
  readonly exponent: Exponent;
  /** Largest number of queries, default 15. */
  readonly cap?: number;
}

export interface FirstOrderOptions extends ExactOptions {
  /** Default "adamw". */
  readonly rule?: "adamw" | "sgd";
  /** Into so many parts a batch is divided, whose gradients are averaged: memory for one of them. Default: none. */
  readonly parts?: number;
}

/**
 * AdaZeta: two-sided Gaussian estimates averaged over Q(epoch) = min(max(floor(alpha epoch^beta), 1), cap) queries, then SGD.
 * @throws naming the option that is out of range
 * @example adazeta({ exponent: { target: 20, epochs: 160 } }).queries // { kind: "power-law", form: "current", multiplier: 0.85, ... }
 * Source: arXiv 2406.18060; defaults of yifanycc/AdaZeta@3659ba3, large_models (its weight decay is 0.01 there, 0 for RoBERTa).
 */
export function adazeta({ multiplier = 0.85, exponent, cap = 15, ...options }: AdazetaOptions): Method {
  const queries: Schedule = { kind: "power-law", form: "current", multiplier, exponent, cap };
  return compose("adazeta", { directions: { kind: "gaussian" }, queries }, options);
}

/**
 * MeZO: two-sided Gaussian estimates with one query (or a constant number, n-SPSA), then SGD.
 * @throws naming the option that is out of range
 * @example mezo({ learningRate: 3e-3 }).queries // { kind: "constant", value: 1 }
 * Source: arXiv 2305.17333, algorithm 1.
 */
export function mezo({ queries, ...options }: MezoOptions = {}): Method {
  return compose("mezo", { directions: { kind: "gaussian" }, queries }, options);
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
  queries,
  ...options
}: MezoOptions & {
  /** Default 20: 4 MiB of numbers. */
  readonly bits?: number;
} = {}): Method {
  return compose("mezo-full", { directions: { kind: "table", bits }, queries }, options);
}

/**
 * MeZO on a random quarter of the parameters, new at each step: what AdaZeta's reference code runs under the name Sparse-MeZO.
 * @throws naming the option that is out of range
 * @example randomMask().directions // { kind: "random-mask", keep: 0.25 }
 * Source: yifanycc/AdaZeta@298aaea.
 */
export function randomMask({
  keep = 0.25,
  queries,
  ...options
}: MezoOptions & { readonly keep?: number } = {}): Method {
  return compose("random-mask", { directions: { kind: "random-mask", keep }, queries }, options);
}

/**
 * LOZO: two-sided estimates along low-rank directions U V^T, V kept for nu steps; then SGD.
 * @throws naming the option that is out of range
 * @example lozo({ rank: 4 }).directions // { kind: "low-rank", rank: 4, redraw: 50 }
 * Source: arXiv 2410.07698; defaults of optsuite/LOZO@5d1ade5.
 */
export function lozo({ rank = 2, redraw = 50, queries, ...options }: LozoOptions = {}): Method {
  return compose("lozo", { directions: { kind: "low-rank", rank, redraw }, queries }, options);
}

/**
 * LOZO as its reference code runs: each redraw of the right factors is followed by a step along a direction that was not measured.
 * @throws naming the option that is out of range
 * @example lozoReference().directions // { kind: "low-rank-unmeasured", rank: 2, redraw: 50 }
 * Source: optsuite/LOZO@5d1ade5, large_models/LOZOtrainer.py.
 */
export function lozoReference({ rank = 2, redraw = 50, queries, ...options }: LozoOptions = {}): Method {
  return compose("lozo-reference", { directions: { kind: "low-rank-unmeasured", rank, redraw }, queries }, options);
}

/**
 * LOZO-M: LOZO with momentum in the left factor alone.
 * @throws naming the option that is out of range
 * @example lozoM().transforms[0] // { kind: "low-rank-momentum", decay: 0.9 }
 * Source: arXiv 2410.07698; optsuite/LOZO@5d1ade5, medium_models (decay 0.9 in its script; its argument's default is 0.7).
 */
export function lozoM({
  rank = 2,
  redraw = 50,
  decay = 0.9,
  queries,
  ...options
}: LozoOptions & {
  /** beta_1, default 0.9. */
  readonly decay?: number;
} = {}): Method {
  const transforms = [{ kind: "low-rank-momentum", decay }] as const;
  return compose("lozo-m", { directions: { kind: "low-rank", rank, redraw }, queries, transforms }, options);
}

/**
 * SubZero: two-sided estimates in a random subspace U Z V^T of each matrix, U and V orthonormal and kept for many steps; then SGD.
 * @throws naming the option that is out of range
 * @example subzero({ rank: 4 }).directions // { kind: "subspace", rank: 4, redraw: 1000 }
 * Source: arXiv 2410.08989 (basis kept for 1000 steps); zimingyy/SubZero@cf6effd (rank 8; its argument's default keeps it for 2000).
 */
export function subzero({
  rank = 8,
  redraw = 1000,
  reshape,
  queries,
  ...options
}: LozoOptions & {
  /** Takes a thin matrix as the most square one of as many numbers: the source's form for LoRA and prefixes. */
  readonly reshape?: true;
} = {}): Method {
  const directions = { kind: "subspace", rank, redraw, ...(reshape && { reshape }) } as const;
  return compose("subzero", { directions, queries }, options);
}

/**
 * MeZO's estimate with momentum.
 * @throws naming the option that is out of range
 * @example zoMomentum().transforms[0] // { kind: "momentum", decay: 0.9 }
 * Source: ZO-SGD-MMT of arXiv 2402.11592; ZO-Bench/ZO-LLM@bf210fa.
 */
export function zoMomentum({
  decay = 0.9,
  queries,
  ...options
}: MezoOptions & { readonly decay?: number } = {}): Method {
  return compose(
    "zo-momentum",
    { directions: { kind: "gaussian" }, queries, transforms: [{ kind: "momentum", decay }] },
    options,
  );
}

/**
 * A step of fixed length against the sign of each projected gradient.
 * @throws naming the option that is out of range
 * @example zoSign().combine // { kind: "sign" }
 * Source: ZO-SGD-Sign of arXiv 2402.11592; ZO-Bench/ZO-LLM@bf210fa. Departs: its scripts run another optimizer than they name.
 */
export function zoSign({ queries, ...options }: MezoOptions = {}): Method {
  return compose("zo-sign", { directions: { kind: "gaussian" }, queries, combine: { kind: "sign" } }, options);
}

/**
 * MeZO's estimate, then Adam.
 * @throws naming the option that is out of range
 * @example zoAdam().transforms[0] // { kind: "adam", firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 }
 * Source: ZO-Adam of arXiv 2402.11592; ZO-Bench/ZO-LLM@bf210fa (PyTorch's constants).
 */
export function zoAdam({ queries, ...options }: MezoOptions = {}): Method {
  const transforms = [{ kind: "adam", firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 }] as const;
  return compose("zo-adam", { directions: { kind: "gaussian" }, queries, transforms }, options);
}

/**
 * HiZOO: directions scaled by a running estimate of the Hessian's diagonal, learned from one more loss a step.
 * @throws naming the option that is out of range
 * @example hizoo().directions // { kind: "learned-diagonal", smoothing: 1e-8 }
 * Source: arXiv 2402.15173; Yanjun-Zhao/HiZOO@4f99055 (its README's smoothing; the argument's default 0 is MeZO with a pass more).
 */
export function hizoo({
  smoothing = 1e-8,
  queries,
  ...options
}: MezoOptions & {
  /** Share of a step's curvature in the diagonal, default 1e-8. */
  readonly smoothing?: number;
} = {}): Method {
  return compose(
    "hizoo",
    { directions: { kind: "learned-diagonal", smoothing }, queries, probe: "three-point" },
    options,
  );
}

/**
 * Looks one step ahead and one back before it moves, and takes the lowest of the three points.
 * @throws naming the option that is out of range
 * @example conservative().rounds // { kind: "conservative", perturbationScale: 0.001 }
 * Source: ZO-SGD-Cons of arXiv 2402.11592; ZO-Bench/ZO-LLM@bf210fa.
 */
export function conservative({
  queries,
  perturbationScale = 1e-3,
  ...options
}: Omit<MezoOptions, "estimator" | "chunk"> = {}): Method {
  const rounds = { kind: "conservative", perturbationScale } as const;
  return compose("conservative", { directions: { kind: "gaussian" }, queries, rounds }, options);
}

/**
 * Gives the first-order baseline: exact gradients by backpropagation, then AdamW (or SGD). What it trains is the adapter's choice:
 * LoRA, a bottleneck, or the whole model. Needs an engine that gives gradients.
 * @throws naming the option that is out of range
 * @example firstOrder({ learningRate: 1e-3 }).transforms // [{ kind: "adam", firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 }, ...]
 * Source: AdamW's constants are PyTorch's defaults, but for the weight decay.
 */
export function firstOrder(options: FirstOrderOptions = {}): Method {
  const { learningRate = 1e-4, rule = "adamw", weightDecay = 0, name = "first-order", parts } = options;
  return composeExact(name, learningRate, outerRule(rule, weightDecay), inParts(parts));
}

/**
 * SAM: the gradient a step of length rho uphill, then AdamW (or SGD). Needs an engine that gives gradients, twice a step.
 * @throws naming the option that is out of range
 * @example sam({ rho: 0.1 }).probe // { kind: "sharpness-aware", rho: 0.1 }
 * Source: arXiv 2010.01412; rho 0.05 is davda54/sam@03c7768's default. AdamW outside and the rate are ours (there: SGD).
 */
export function sam({
  learningRate = 1e-4,
  rho = 0.05,
  rule = "adamw",
  weightDecay = 0,
  name = "sam",
}: Omit<FirstOrderOptions, "parts"> & {
  /** How far uphill the gradient is taken, default 0.05. */
  readonly rho?: number;
} = {}): Method {
  return composeExact(name, learningRate, outerRule(rule, weightDecay), { kind: "sharpness-aware", rho });
}

/** What follows an exact gradient. @throws when there is no such rule */
function outerRule(rule: NonNullable<FirstOrderOptions["rule"]>, weightDecay: number): readonly TransformSpec[] {
  const transforms: Readonly<Record<typeof rule, readonly TransformSpec[]>> = {
    adamw: [
      { kind: "adam", firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 },
      { kind: "decoupled-weight-decay", weightDecay },
    ],
    sgd: [{ kind: "weight-decay", weightDecay }],
  };
  return transforms[rule] ?? fail("rule", Object.keys(transforms).join(" or "), rule);
}

/**
 * LOMO: plain steps along an exact gradient, clipped at its norm on request. What makes it LOMO, that a tensor's gradient is freed as soon as it is
 * used, changes no number: `stepInBlocks` does so wherever the engine gives its gradient block by block.
 * @throws naming the option that is out of range
 * @example lomo({ clipNorm: 1 }).transforms // [{ kind: "clip-norm", norm: 1 }, { kind: "decoupled-weight-decay", weightDecay: 0 }]
 * Source: arXiv 2306.09782; OpenLMLab/LOMO@45d4bac, lomo_optim/lomo.py.
 */
export function lomo({
  learningRate = 0.03,
  weightDecay = 0,
  clipNorm,
  name = "lomo",
}: ExactOptions & {
  /** The longest gradient that stays as it is; default: none is clipped. */
  readonly clipNorm?: number;
} = {}): Method {
  const clipped = clipNorm === undefined ? [] : [{ kind: "clip-norm", norm: clipNorm } as const];
  return composeExact(name, learningRate, [...clipped, { kind: "decoupled-weight-decay", weightDecay }]);
}

/**
 * AdaLomo: an exact gradient, normalised by factored second moments, at a rate relative to each tensor's size.
 * @throws naming the option that is out of range
 * @example adalomo().transforms[0] // { kind: "factored", exponent: 0.8, epsilon: 1e-30, clip: 1 }
 * Source: arXiv 2310.10195; OpenLMLab/LOMO@45d4bac, lomo_optim/adalomo.py.
 */
export function adalomo({ learningRate = 1e-3, weightDecay = 0, name = "adalomo" }: ExactOptions = {}): Method {
  return composeExact(name, learningRate, [
    { kind: "factored", exponent: 0.8, epsilon: 1e-30, clip: 1 },
    { kind: "weight-decay", weightDecay },
    { kind: "relative-rate", least: 1e-3 },
  ]);
}

/** A named method: how it is called, where it comes from, and how it is made. */
interface Recipe<Options> {
  readonly title: string;
  readonly source: string;
  readonly make: (options: Options) => Method;
  /** Options without which it is not made. */
  readonly required?: Options;
}

/** A row that takes what all methods share. @example recipes.lozo.source // "arXiv 2410.07698" */
function row<Options>(
  title: string,
  source: string,
  make: (options: Options) => Method,
  required?: Options,
): Recipe<Options> {
  return { title, source, make, ...(required !== undefined && { required }) };
}

/** The named methods: a method is a row, and everything that goes over methods (the common test, comparisons, documents) goes over these. */
export const recipes = {
  adazeta: row("AdaZeta", "arXiv 2406.18060", adazeta, { exponent: { target: 20, epochs: 160 } }),
  mezo: row("MeZO", "arXiv 2305.17333", mezo),
  "mezo-full": row("MeZO, all weights", "arXiv 2305.17333", mezoFull),
  "random-mask": row("random mask", "yifanycc/AdaZeta@298aaea", randomMask),
  lozo: row("LOZO", "arXiv 2410.07698", lozo),
  "lozo-reference": row("LOZO as its code runs", "optsuite/LOZO@5d1ade5", lozoReference),
  "lozo-m": row("LOZO-M", "arXiv 2410.07698", lozoM),
  subzero: row("SubZero", "arXiv 2410.08989", subzero),
  "zo-momentum": row("ZO-SGD with momentum", "arXiv 2402.11592", zoMomentum),
  "zo-sign": row("ZO-SGD, sign", "arXiv 2402.11592", zoSign),
  "zo-adam": row("ZO-Adam", "arXiv 2402.11592", zoAdam),
  hizoo: row("HiZOO", "arXiv 2402.15173", hizoo),
  conservative: row("ZO-SGD, conservative", "arXiv 2402.11592", conservative),
  "sparse-mezo": row("Sparse-MeZO", "arXiv 2402.15751", sparseMezo),
  fzoo: row("FZOO", "arXiv 2506.09034", fzoo),
  "forward-gradient": row("forward gradient", "arXiv 2202.08587", forwardGradient),
  "zo-adamu": row("ZO-AdaMU", "arXiv 2312.15184", zoAdamu),
  quzo: row("QuZO", "arXiv 2502.12346", quzo),
  "zo-sparse": row("ZO-SGD, sparse", "arXiv 2402.11592", zoSparse),
  "zo-muon": row("ZO-Muon", "arXiv 2602.17155", zoMuon),
  tezo: row("TeZO", "arXiv 2501.19057", tezo),
  "tezo-m": row("TeZO-m", "arXiv 2501.19057", tezoM),
  "tezo-adam": row("TeZO-Adam", "arXiv 2501.19057", tezoAdam),
  "zo-align": row("ZO-Align", "arXiv 2509.15552", zoAlign),
  es: row("ES at scale", "arXiv 2509.24372", es),
  adamezo: row("AdaMeZO", "arXiv 2605.00650", adamezo),
  extrapolated: row("extrapolated ZO", "arXiv 2006.05720", extrapolated),
  "rate-decay": row("rate decay instead of queries", "ours", rateDecay, { exponent: { target: 20, epochs: 160 } }),
  "zo-blockwise": row("ZO-SGD, block-wise", "arXiv 2402.11592", zoBlockwise),
  "mezo-gv": row("MeZO-GV", "arXiv 2601.04710", mezoGv),
  "mezo-greedy": row("MeZO-Greedy", "arXiv 2601.04710", mezoGreedy),
  "mezo-svrg": row("MeZO-SVRG", "arXiv 2404.08080", mezoSvrg),
  dizo: row("DiZO", "arXiv 2502.03304", dizo),
  eggroll: row("EGGROLL", "arXiv 2511.16652", eggroll),
  lomo: row("LOMO", "arXiv 2306.09782", lomo),
  adalomo: row("AdaLomo", "arXiv 2310.10195", adalomo),
  "first-order": row("first-order", "arXiv 1711.05101", firstOrder),
  sam: row("SAM", "arXiv 2010.01412", sam),
  lamb: row("LAMB", "arXiv 1904.00962", lamb),
  scala: row("LAMB at inputs moved by an adversary", "arXiv 2201.12469 (abstract; the form is ours)", scala),
  "extrapolated-sgd": row("extrapolated SGD", "arXiv 2006.05720 (abstract; the form is ours)", extrapolatedSgd),
} as const;

/** Names of the methods. */
export type RecipeName = keyof typeof recipes;

/** What a named method lets one choose. */
export type RecipeOptions<Name extends RecipeName> = NonNullable<Parameters<(typeof recipes)[Name]["make"]>[0]>;

/**
 * Makes a method by its name in the table.
 * @throws when there is no such method, with the names that there are, or naming the option that is out of range
 * @example method("lozo", { rank: 4, learningRate: 1e-3 }).directions // { kind: "low-rank", rank: 4, redraw: 50 }
 */
export function method<Name extends RecipeName>(name: Name, options?: RecipeOptions<Name>): Method {
  if (!Object.hasOwn(recipes, name)) fail("method", kindsInWords(recipes), name);
  const recipe = recipes[name] as Recipe<object>;
  if (options !== undefined && (typeof options !== "object" || options === null || Array.isArray(options)))
    fail("options", "an object of options", options);
  knownOptions("options", options ?? {}, optionsOf(name, recipe), `those of ${name},`);
  return recipe.make({ ...recipe.required, ...options });
}
