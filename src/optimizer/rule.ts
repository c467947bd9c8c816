import { fail, finiteNumber, positiveNumber, sameLength, unreachable } from "../check/check";
import type { Layout } from "../tree/layout";
import { like } from "../tree/vector";
import { adamw } from "./adamw";
import type { Adamw, AdamwState } from "./adamw";

/** An update rule: state goes in and comes out; no state is `null`. */
export interface UpdateRule<State> {
  init(layout: Layout): State;
  /** The next point and state; `state`, `point` and `gradient` are left as they are. */
  update(state: State, point: Float32Array, gradient: Float32Array, options: UpdateOptions<State>): Updated<State>;
}

export interface UpdateOptions<State> {
  readonly learningRate: number;
  readonly layout: Layout;
  /** What an earlier update led to and nobody needs any more: its memory is written over. Default: new memory. The bits are the same. */
  readonly over?: Updated<State> | undefined;
}

/** Where an update leads. */
export interface Updated<State> {
  readonly point: Float32Array;
  readonly state: State;
}

/** Rules as plain data. */
export type RuleSpec = Sgd | Adamw;

/** What some rule carries from step to step. */
export type RuleState = null | AdamwState;

export interface Sgd {
  readonly kind: "sgd";
  /** wd, for tensors whose `decay` is true. */
  readonly weightDecay: number;
}

/**
 * Stochastic gradient descent with the weight decay inside the bracket: w <- w - lr (g + wd w), wd = 0 for tensors without decay.
 * Each element is computed in float64 and rounded once.
 * @throws when point, gradient and layout differ in length
 * @example sgd({ kind: "sgd", weightDecay: 0 }).update(null, point, gradient, { learningRate: 1e-3, layout }).point
 * Source: MeZO, arXiv 2305.17333; yifanycc/AdaZeta@3659ba3. Departs: which tensors decay is in the layout, not in their names.
 */
export function sgd({ weightDecay }: Sgd): UpdateRule<null> {
  return {
    init: () => null,
    update(state, point, gradient, { learningRate, layout, over }) {
      sameLength("point", point.length, layout.size);
      sameLength("gradient", gradient.length, layout.size);
      const next = over?.point ?? like(point);
      sameLength("over", next.length, layout.size);
      for (const { offset, size, decay } of layout.entries) {
        const shrink = decay ? weightDecay : 0;
        for (let i = offset; i < offset + size; i++) {
          next[i] = point[i] - learningRate * (gradient[i] + shrink * point[i]);
        }
      }
      return { point: next, state };
    },
  };
}

/** The rule that a specification describes. @throws from `update` when it is given another rule's state */
export function ruleOf(spec: RuleSpec): UpdateRule<RuleState> {
  switch (spec.kind) {
    case "sgd":
      return sgd(spec) as UpdateRule<RuleState>;
    case "adamw": {
      const rule = adamw(spec);
      return {
        init: rule.init,
        update: (state, point, gradient, { over, ...options }) =>
          rule.update(state ?? fail("state", "AdamW's moments", state), point, gradient, {
            ...options,
            ...(over?.state && { over: { point: over.point, state: over.state } }),
          }),
      };
    }
    default:
      return unreachable(spec);
  }
}

/** Checks a specification that came from outside. @throws naming the field */
export function checkRule(what: string, spec: RuleSpec): RuleSpec {
  if (spec.kind !== "sgd" && spec.kind !== "adamw")
    fail(`${what}.kind`, '"sgd" or "adamw"', (spec as { kind: unknown }).kind);
  if (spec.kind === "adamw") {
    for (const name of ["firstDecay", "secondDecay"] as const)
      if (!(spec[name] >= 0 && spec[name] < 1)) fail(`${what}.${name}`, "a number from 0 to below 1", spec[name]);
    positiveNumber(`${what}.epsilon`, spec.epsilon);
  }
  if (finiteNumber(`${what}.weightDecay`, spec.weightDecay) < 0) {
    fail(`${what}.weightDecay`, "at least 0", spec.weightDecay);
  }
  return spec;
}
