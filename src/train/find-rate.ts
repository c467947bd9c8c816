import { fail, nonNegativeInteger, positiveInteger } from "../check/check";
import type { Objective } from "../estimator/objective";
import { perturbationScaleOf } from "../optimizer/method";
import type { Method } from "../optimizer/method";
import { isDecay } from "../optimizer/transforms";
import { step as takeStep } from "../optimizer/step";
import { createWorkspace } from "../estimator/workspace";
import { queriesBySteps } from "../schedule/forward-passes";
import type { Schedule } from "../schedule/schedule";
import type { Layout } from "../tree/layout";

/** What a look for a learning rate is made of. */
export interface FindRateOptions<Batch> {
  /** Its directions, epsilon and queries are used; its learning rate is not. */
  readonly method: Method;
  readonly objective: Objective<Batch>;
  /** Where the run will start [d]; it is only read. */
  readonly start: Float32Array;
  readonly layout: Layout;
  readonly batchAt: (index: number) => Batch | Promise<Batch>;
  readonly seed: number;
  /** Steps looked at, each on two batches; default 10. */
  readonly steps?: number;
  /** Directions of each; default 4. */
  readonly queries?: number;
  /** Queries of a step of the run (`harmonicQueries`): the proposal grows with them. Default: 1. */
  readonly runQueries?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What was measured along the directions z at the start, on two batches B and B' each. */
export interface Spread {
  /** mean of p_B(z)^2. */
  readonly square: number;
  /** mean of p_B(z) p_B'(z): the part of that which the two batches agree in. */
  readonly agreed: number;
  /** Standard error of `agreed`. */
  readonly agreedError: number;
  /** sqrt(mean of (z^T H_B z)^2). */
  readonly curvature: number;
  /** What rounding of the losses alone may have put into `curvature`: 4 units in the last place of fp32 over epsilon^2. */
  readonly rounding: number;
  /** Directions that were measured. */
  readonly directions: number;
}

/**
 * Gives the number of queries that a whole schedule is worth in the term that falls with 1 / Q: the harmonic mean over the run's steps.
 * @example harmonicQueries({ kind: "steps", initial: 1, changes: [{ at: 1, value: 3 }], unit: "step" }, 2, 1) // 1.5
 */
export function harmonicQueries(schedule: Schedule, steps: number, epochSteps: number): number {
  const queries = queriesBySteps(schedule, steps, epochSteps);
  return queries.length / queries.reduce((sum, q) => sum + 1 / q, 0);
}

/** A learning rate to try, and what it was made of. */
export interface RateProposal {
  /** null: what was measured does not say. */
  readonly rate: number | null;
  /** Why, in one or two sentences; a proposal, no promise. */
  readonly why: string;
  readonly spread: Spread;
  readonly forwardPasses: number;
}

/**
 * How much smaller than the best single step a rate for a whole run is: calibrated on this project's recorded MiniLM runs (LoRA, tensor train,
 * bottleneck, prefix, one query), where the best of the recorded rates was 3 to 6 times below that step.
 */
const WHOLE_RUN = 1 / 4;

/**
 * Looks at the spread of the projected gradients and of the curvature along the same directions for ten steps at the start, none of which is taken,
 * and proposes a learning rate. A step theta - eta (1/Q) sum_q p_q z_q on batch B changes the whole loss by
 *     E[dL] = -eta E[p_B p_B'] + eta^2 / (2 Q) E[p_B^2 z^T H z],
 * where B' is another batch along the same z: what two batches agree in is the slope, what they do not is noise that only pays the second term. It is
 * lowest at eta = Q E[p_B p_B'] / (E[p_B^2] h), with h for z^T H z; taken is its root mean square, as curvatures of both signs cancel in the mean and
 * a run follows the negative ones until they end. A quarter of it is proposed: a single step's best is too long for a whole run. Terms between
 * different queries are left out, so the proposal is for Q far below the number of directions that matter.
 * For example `(await findRate({ ...options, method: mezo() })).rate`: 1.2e-3.
 * @throws when the method makes no plain steps along its projected gradients: then their spread says nothing of its rate
 */
export async function findRate<Batch>(options: FindRateOptions<Batch>): Promise<RateProposal> {
  const { method, objective, start, layout, batchAt, seed, steps = 10, queries = 4, runQueries = 1, signal } = options;
  checkPlain(method);
  nonNegativeInteger("seed", seed);
  positiveInteger("steps", steps);
  positiveInteger("queries", queries);
  const epsilon = perturbationScaleOf(method) ?? 1e-3;
  const measuring: Method = {
    ...method,
    probe: { kind: "three-point", perturbationScale: epsilon, chunk: 1 },
    queries: { kind: "constant", value: queries },
    learningRate: { kind: "constant", value: 0 },
  };
  const workspace = createWorkspace(layout.size);
  const pairs: Pair[] = [];
  let forwardPasses = 0;
  let largest = 0;
  for (let index = 0; index < steps; index++) {
    const on = async (batch: Batch) => {
      if (signal?.aborted === true) return fail("the look for a rate", "to be let go on to its end", "stopped");
      const taken = await takeStep(measuring, objective, start, {
        seed,
        step: index,
        epoch: 0,
        layout,
        batch,
        workspace,
      });
      forwardPasses += taken.estimate.forwardPasses;
      return taken.estimate;
    };
    const first = await on(await batchAt(2 * index));
    const second = await on(await batchAt(2 * index + 1));
    largest = Math.max(largest, Math.abs(first.loss), Math.abs(second.loss));
    first.projectedGradients.forEach((p, q) => {
      // The probe's further number is half of z^T H z.
      const curvatures = [2 * first.further![q]!, 2 * second.further![q]!] as const;
      pairs.push({ p: [p, second.projectedGradients[q]!], curvatures });
    });
  }
  const rounding = (4 * 2 ** -24 * largest) / epsilon ** 2;
  return { ...proposed({ ...spreadOf(pairs), rounding }, runQueries), forwardPasses };
}

/** One direction on two batches. */
interface Pair {
  readonly p: readonly [number, number];
  readonly curvatures: readonly [number, number];
}

function spreadOf(pairs: readonly Pair[]): Omit<Spread, "rounding"> {
  const mean = (of: (pair: Pair) => number): number => pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const agreed = mean(({ p: [a, b] }) => a * b);
  const variance = mean(({ p: [a, b] }) => (a * b - agreed) ** 2);
  return {
    square: mean(({ p: [a, b] }) => (a * a + b * b) / 2),
    agreed,
    agreedError: Math.sqrt(variance / Math.max(pairs.length - 1, 1)),
    curvature: Math.sqrt(mean(({ curvatures: [a, b] }) => (a * a + b * b) / 2)),
    directions: pairs.length,
  };
}

/**
 * Gives the rate that a spread proposes for a run of so many queries a step, to two digits.
 * @example proposed({ square: 2, agreed: 1, agreedError: 0.1, curvature: 125, rounding: 0.2, directions: 40 }, 1).rate // 0.001
 */
export function proposed(spread: Spread, queries: number): Pick<RateProposal, "rate" | "why" | "spread"> {
  const { square, agreed, agreedError, curvature, rounding, directions } = spread;
  const none = (why: string) => ({ rate: null, why, spread });
  if (!Object.values(spread).every(Number.isFinite))
    return none("a loss at the start is not finite: no rate makes up for that");
  if (square === 0) return none("every projected gradient is exactly 0: the output is constant, and no rate moves it");
  if (agreed <= 0)
    return none(`the projected gradients of two batches have nothing in common on ${directions} directions: try larger batches, or more steps to look at`); // prettier-ignore
  if (curvature === 0)
    return none(
      "the loss is a straight line along every direction: any rate lowers it here, and this says nothing of how far",
    );
  const rate = Number(((WHOLE_RUN * queries * agreed) / (square * curvature)).toPrecision(2));
  const share = (100 * agreed) / square;
  const doubt = agreedError > agreed / 2 ? " That share is uncertain: look at more steps before you rely on it." : "";
  const hidden =
    curvature < 3 * rounding
      ? " The curvature hardly rises above the rounding of the losses, so a larger rate may do: look with a larger perturbation scale."
      : "";
  const why =
    `proposed, not measured: a quarter of the step that lowers the loss most at the start, for ${Number(queries.toPrecision(2))} ` +
    `${queries === 1 ? "query" : "queries"} a step. Along ${directions} directions p is ${Math.sqrt(square).toPrecision(2)}, two batches agree in ` +
    `${share.toFixed(0)} % of its square, and the curvature is ${curvature.toPrecision(2)}. Try a third and three times of it beside it.${doubt}${hidden}`;
  return { rate, why, spread };
}

/**
 * Says whether a method's steps are -eta g, and g the mean of p z: only there does the spread of p say how long they may be.
 * @example hasPlainSteps(mezo({ learningRate: 1e-3 })) // true
 */
export function hasPlainSteps({
  probe,
  combine,
  transforms,
}: Pick<Method, "probe" | "combine" | "transforms">): boolean {
  const plain =
    probe?.kind === "two-sided" ||
    probe?.kind === "one-sided" ||
    probe?.kind === "three-point" ||
    probe?.kind === "directional";
  return plain && combine.kind === "mean" && chainedOf(transforms) === undefined;
}

function chainedOf(transforms: Method["transforms"]): string | undefined {
  return transforms.find(({ kind }) => !isDecay(kind))?.kind;
}

function checkPlain(method: Method): void {
  const { name, probe, combine, transforms } = method;
  if (hasPlainSteps(method)) return;
  const expected =
    "one with plain steps along projected gradients (mezo, adazeta and others without momentum, Adam or signs)";
  fail("method", expected, [name, probe?.kind ?? "rounds", combine.kind, chainedOf(transforms)].filter(Boolean).join(", ")); // prettier-ignore
}
