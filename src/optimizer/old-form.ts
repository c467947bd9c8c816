import type { DirectionSpec } from "../estimator/directions";
import type { ProbeSpec } from "../estimator/probes";
import type { Schedule } from "../schedule/schedule";
import type { Method } from "./method";

/** A method as it was written before methods became open: an estimator and an update rule. Trajectories and records have it. */
export interface OldMethod {
  readonly name: string;
  readonly estimator: ProbeSpec;
  readonly directions: DirectionSpec;
  readonly queries: Schedule;
  readonly learningRate: Schedule;
  readonly rule: OldRule;
}

type OldRule =
  | { readonly kind: "sgd"; readonly weightDecay: number }
  | {
      readonly kind: "adamw";
      readonly weightDecay: number;
      readonly firstDecay: number;
      readonly secondDecay: number;
      readonly epsilon: number;
    };

/** Gives a method that was read in its form of today; one that is neither is left to the checks. */
export function readMethod(method: Method | OldMethod): Method {
  if (!isOld(method)) return method;
  const { name, directions, queries, learningRate, estimator, rule } = method;
  return {
    name,
    directions,
    probe: estimator,
    combine: { kind: "mean" },
    transforms: chainOf(rule),
    queries,
    learningRate,
  };
}

/** Gives plain data with every method in it in its form of today: what is read from a record or a trajectory. */
export function inNewForm(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(inNewForm);
  if (typeof data !== "object" || data === null) return data;
  if (isOld(data)) return readMethod(data);
  if (isMethod(data)) return data;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, inNewForm(value)]));
}

/**
 * Gives plain data with every method in it in the old form, where that can say it: what runs are known by, so that records keep their
 * keys. A method that the old form cannot say stays as it is.
 */
export function inOldForm(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(inOldForm);
  if (typeof data !== "object" || data === null) return data;
  if (isMethod(data)) return oldForm(data) ?? data;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, inOldForm(value)]));
}

function isOld(data: object | null): data is OldMethod {
  return typeof data === "object" && data !== null && "estimator" in data && "rule" in data && "directions" in data;
}

function isMethod(data: object): data is Method {
  return "directions" in data && "combine" in data && "transforms" in data && "queries" in data;
}

function oldForm({
  name,
  directions,
  probe,
  combine,
  transforms,
  queries,
  learningRate,
  ...others
}: Method): OldMethod | null {
  const rule = ruleOf(transforms);
  if (probe === undefined || rule === null || combine.kind !== "mean" || Object.keys(others).length > 0) return null;
  return { name, estimator: probe, directions, queries, learningRate, rule };
}

function chainOf(rule: OldRule): Method["transforms"] {
  if (rule.kind === "sgd") return [{ kind: "weight-decay", weightDecay: rule.weightDecay }];
  const { firstDecay, secondDecay, epsilon, weightDecay } = rule;
  return [
    { kind: "adam", firstDecay, secondDecay, epsilon },
    { kind: "decoupled-weight-decay", weightDecay },
  ];
}

function ruleOf(transforms: Method["transforms"]): OldRule | null {
  const [first, second] = transforms;
  if (first?.kind === "weight-decay" && second === undefined) return { kind: "sgd", weightDecay: first.weightDecay };
  if (first?.kind !== "adam" || second?.kind !== "decoupled-weight-decay" || transforms.length > 2) return null;
  const { firstDecay, secondDecay, epsilon } = first;
  return { kind: "adamw", weightDecay: second.weightDecay, firstDecay, secondDecay, epsilon };
}
