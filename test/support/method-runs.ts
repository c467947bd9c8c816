import type { Objective } from "../../src/estimator/objective";
import { checkMethodFits, type Method } from "../../src/optimizer/method";
import type { State } from "../../src/estimator/state";
import type { RunSettings } from "../../src/train/settings";
import type { TrainOptions } from "../../src/train/train";
import type { Layout } from "../../src/tree/layout";
import type { MethodProblem } from "./method-problems";

/** A row of the table of methods, as the common test takes it. */
export interface MethodRow {
  readonly name: string;
  readonly make: (options: object) => Method;
}

/** Gives the rows of a table of methods, each with the options without which it is not made. */
export function rowsOf(
  table: Readonly<Record<string, { readonly make: unknown; readonly required?: object }>>,
): readonly MethodRow[] {
  return Object.entries(table).map(([name, { make, required }]) => ({
    name,
    make: (options) => (make as MethodRow["make"])({ ...required, ...options }),
  }));
}

/** A method of a row, and how it was made. */
export interface MethodForm {
  readonly what: string;
  readonly method: Method;
}

/**
 * Options with which all that a method carries changes within a few steps: several queries, bases that are drawn anew, a diagonal that moves, steps
 * that are forgotten. A row leaves those alone that it does not have.
 */
const QUICK = {
  queries: 3,
  chunk: 2,
  redraw: 3,
  bits: 8,
  steps: 6,
  warmUp: 1,
  smoothing: 1e-2,
  horizon: 3,
  every: 3,
  batches: 2,
  interval: 2,
  iterations: 3,
  weightDecay: 0.01,
  perturbationScale: 1e-2,
  learningRate: 2e-3,
};

/** Makes a row's method for these tensors: with rank 4 where its own is too large for them. */
export function fitting(row: MethodRow, layout: Layout, options: object = {}): Method {
  const method = row.make(options);
  try {
    checkMethodFits(method, layout);
    return method;
  } catch {
    return row.make({ ...options, rank: 4 });
  }
}

/** Gives the forms in which a row is tried: as it is, in short, and with exact directional derivatives where it takes them. */
export function formsOf(row: MethodRow, layout: Layout): readonly MethodForm[] {
  const quick = fitting(row, layout, QUICK);
  const exact = attempt(() => fitting(row, layout, { ...QUICK, estimator: "directional" }));
  return [
    { what: "as it is", method: fitting(row, layout) },
    { what: "in short", method: quick },
    ...(exact?.probe?.kind === "directional" ? [{ what: "with exact derivatives", method: exact }] : []),
  ];
}

/** Gives the result of a call; null where it throws. */
function attempt<T>(call: () => T): T | null {
  try {
    return call();
  } catch {
    return null;
  }
}

/** Steps of a run: bases of three steps are drawn anew on the way. */
export const STEPS = 6;

/** The run of a method on a problem, a few steps in epochs of one (so that schedules move); settings and options replaced. */
export function methodRun(
  { name, layout, start, objective, whole }: MethodProblem,
  method: Method,
  settings: Partial<RunSettings> = {},
  changes: Partial<TrainOptions<number>> = {},
): TrainOptions<number> {
  let ticks = 0;
  const base = {
    budget: { kind: "steps", steps: STEPS },
    stepsPerEpoch: 1,
    evaluateEvery: 3,
    seed: 5,
    stop: [],
  } as const;
  return {
    settings: { method, ...base, ...settings },
    identity: { model: name, adapter: { kind: "none" }, data: "none", plan: null },
    start,
    layout,
    objective,
    batchAt: (step) => step,
    evaluate: async (point) => ({ loss: whole(point), accuracy: 0.5 }),
    clock: () => ticks++,
    ...changes,
  };
}

/** What an engine was asked, call by call. */
export interface Asked {
  readonly kind: "losses" | "derivatives" | "gradient";
  /** Copies of the points. */
  readonly points: readonly Float32Array[];
  /** Copies of the directions of derivatives. */
  readonly directions: readonly Float32Array[];
}

/** An objective that tells what it is asked. */
export function watched(objective: Objective<number>, onAsked: (asked: Asked) => void): Objective<number> {
  const copies = (vectors: readonly Float32Array[]): readonly Float32Array[] => vectors.map((vector) => vector.slice());
  return {
    losses: (points, batch) => {
      onAsked({ kind: "losses", points: copies(points), directions: [] });
      return objective.losses(points, batch);
    },
    derivatives: (point, directions, batch) => {
      onAsked({ kind: "derivatives", points: copies([point]), directions: copies(directions) });
      return objective.derivatives(point, directions, batch);
    },
    gradient: (point, batch) => {
      onAsked({ kind: "gradient", points: copies([point]), directions: [] });
      return objective.gradient!(point, batch);
    },
    split: objective.split!,
    inputs: {
      ...objective.inputs!,
      gradient: (point, ...asked) => {
        onAsked({ kind: "gradient", points: copies([point]), directions: [] });
        return objective.inputs!.gradient(point, ...asked);
      },
    },
  };
}

/** The bits of a vector. */
export function bits(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("hex");
}

/** The bits of what a method carries. */
export function stateBits(state: State | undefined): unknown {
  const vectors = Object.entries(state?.vectors ?? {}).map(([name, vector]) => [name, bits(vector)] as const);
  return [state?.count ?? 0, vectors.sort(([a], [b]) => (a < b ? -1 : 1))];
}

/** Records without their times. */
export function untimed<T extends { readonly elapsedMs: number }>(records: readonly T[]): readonly T[] {
  return records.map((record) => ({ ...record, elapsedMs: 0 }));
}
