import { fail, nonNegativeInteger, sameLength } from "../../check/check";
import { plainData } from "../../check/plain-data";
import type { PassCost } from "../../schedule/forward-passes";
import { axpy } from "../../tree/vector";
import { drawInto } from "../direction";
import type { Estimate, ProbeKind, StepQueries } from "../probe";
import type { Objective } from "../objective";
import type { Workspace } from "../workspace";

/** What an estimator of one's own is given at each step. */
export interface EstimatorInput<Settings> {
  /** theta [d]; only to be read. */
  readonly point: Float32Array;
  /** z_q [d], one for each query; only to be read. */
  readonly directions: readonly Float32Array[];
  readonly settings: Settings;
  /** theta + by z as a new point. */
  ahead(z: Float32Array, by: number): Float32Array;
  /** The batch's loss at each point, in one call of the engine: each is a forward pass, and is counted. */
  losses(points: readonly Float32Array[]): Promise<readonly number[]>;
}

/** What an estimator of one's own answers: g = (1/Q) sum_q p_q z_q follows from it, and so does a replay. */
export interface EstimatorAnswer {
  /** p_q, one for each direction. */
  readonly projectedGradients: readonly number[];
  /** The training loss to show for the step. */
  readonly loss: number;
}

/** How an own estimator is written. */
export interface OwnDefinition<Settings> {
  /** Its name in records. */
  readonly name: string;
  /** Its constants: plain data, written to records. */
  readonly settings: Settings;
  /** Forward passes of a step with Q queries: once + perQuery Q. Every step is held to it. */
  readonly passes: PassCost;
  project(asked: EstimatorInput<Settings>): Promise<EstimatorAnswer>;
}

/** Under a symbol, the same in every copy of this module: records, which are JSON, do not see the function. */
const projectOf: unique symbol = Symbol.for("adazeta.estimator.project") as never;

/** An estimator that is not one of this project's: plain data, and a function beside it. */
export interface OwnEstimator extends OwnSettings {
  readonly kind: "own";
}

/** What an own estimator has beside its kind. */
export interface OwnSettings {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly passes: PassCost;
  /** The function's text: an estimator that was changed makes another run, never a record's continuation. */
  readonly source: string;
  /** Absent in a specification that was read from a record. */
  readonly [projectOf]?: (asked: EstimatorInput<never>) => Promise<EstimatorAnswer>;
}

/**
 * Makes an estimator of one's own, for `mezo({ estimator })` and `adazeta({ estimator })`: how projected gradients follow from losses.
 * Directions, schedule, update, record, replay and comparison are those of every other estimator.
 * For example `ownEstimator({ name: "one-sided", settings: { scale: 1e-3 }, passes: { once: 1, perQuery: 1 }, async project({ ... }) { ... } })`.
 * @throws when the name is empty or the passes are not counts
 */
export function ownEstimator<Settings extends Readonly<Record<string, unknown>>>(
  definition: OwnDefinition<Settings>,
): OwnEstimator {
  const { name, settings, passes } = definition;
  const project = (asked: EstimatorInput<never>): Promise<EstimatorAnswer> => definition.project(asked);
  if (typeof definition.project !== "function")
    fail("estimator.project", "a function that gives projected gradients and a loss", definition.project);
  check("estimator", { name, settings, passes });
  return { kind: "own", name, settings, passes, source: String(definition.project), [projectOf]: project };
}

function check(what: string, { name, settings, passes }: Pick<OwnSettings, "name" | "settings" | "passes">): void {
  if (typeof name !== "string" || name === "") fail(`${what}.name`, "a name", name);
  nonNegativeInteger(`${what}.passes.once`, passes?.once);
  nonNegativeInteger(`${what}.passes.perQuery`, passes?.perQuery);
  if (passes.once + passes.perQuery === 0)
    fail(`${what}.passes`, "at least one forward pass a step: a budget in passes would never end", passes);
  const unknown = Object.keys(passes).find((field) => field !== "once" && field !== "perQuery");
  if (unknown !== undefined) fail(`${what}.passes`, "once and perQuery alone", unknown);
  plainData(`${what}.settings`, settings);
}

/** An own estimator as a row of the table. */
export const ownProbe: ProbeKind<OwnSettings> = {
  check,
  passes: ({ passes }) => passes,
  measure: estimateOwn,
};

/**
 * The estimate by a function of the user's own; each loss it asks for is counted.
 * @throws when the function is not there (the specification was read from a record), gives another number of projected gradients than
 * there are queries, or spends other passes than the specification says
 */
async function estimateOwn<Batch>(
  spec: OwnSettings,
  objective: Objective<Batch>,
  point: Float32Array,
  { queries, draw, batch, weightOf }: StepQueries<Batch>,
  workspace: Workspace,
): Promise<Estimate> {
  const { name, passes, settings } = spec;
  const project = spec[projectOf];
  if (project === undefined)
    return fail(`estimator ${name}`, "its function (run the cell that defines it)", "a record of it");
  const zs = Array.from({ length: queries }, (_, i) => workspace.buffer(i));
  const directions = zs.map((z, query) => drawInto(draw, query, z));
  let forwardPasses = 0;
  let copy: Float32Array | null = null;
  const answer: Partial<EstimatorAnswer> | undefined = await project({
    // Copies, made when they are looked at: what a function writes there must not reach the run.
    get point() {
      return (copy ??= point.slice());
    },
    directions: zs.map((z) => z.slice()),
    settings: settings as never,
    ahead: (z, by) => axpy(by, z, point),
    async losses(points) {
      forwardPasses += points.length;
      const found = await objective.losses(points, batch);
      sameLength("losses of the objective", found.length, points.length);
      return found;
    },
  });
  const { loss, projectedGradients } = answered(name, answer, queries);
  const expected = passes.once + passes.perQuery * queries;
  if (forwardPasses !== expected)
    fail(`forward passes of estimator ${name}`, `${expected} with ${queries} queries, as its \`passes\` say`, forwardPasses); // prettier-ignore
  if (weightOf !== null) {
    workspace.gradient.fill(0);
    directions.forEach((z, q) => z.addInPlace(workspace.gradient, weightOf(projectedGradients[q])));
  }
  return { projectedGradients: [...projectedGradients], loss, forwardPasses };
}

/** What a function answered, as numbers; they need not be finite. @throws naming what is not there or no number */
function answered(name: string, answer: Partial<EstimatorAnswer> | undefined, queries: number): EstimatorAnswer {
  const { loss, projectedGradients } = answer ?? {};
  if (typeof loss !== "number") return fail(`loss of estimator ${name}`, "a number", loss);
  if (!Array.isArray(projectedGradients))
    return fail(`projected gradients of estimator ${name}`, "a list of numbers", projectedGradients);
  const numbers: readonly unknown[] = projectedGradients;
  sameLength(`projected gradients of estimator ${name}`, numbers.length, queries);
  const wrong = numbers.find((value) => typeof value !== "number");
  if (wrong !== undefined) return fail(`projected gradients of estimator ${name}`, "numbers", wrong);
  return { loss, projectedGradients: numbers as readonly number[] };
}
