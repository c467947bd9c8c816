import { fail, nonNegativeInteger, positiveInteger, sameLength } from "../check/check";
import { weightsOf } from "../estimator/combine";
import type { DirectionKind, Draw, Here, Measured } from "../estimator/direction";
import { beginKind, directionKind, type DirectionSpec } from "../estimator/directions";
import { isFiniteEstimate } from "../estimator/estimate";
import { formInto, someQueries } from "../estimator/form";
import { factoredDraw, factoringOf, withFixedFactors } from "../estimator/factored-draw";
import type { FoldedBase, Objective } from "../estimator/objective";
import type { Estimate } from "../estimator/probe";
import { probeKind } from "../estimator/probes";
import { namedFor, NO_STATE, ownVectors, type State, type Vectors } from "../estimator/state";
import { createWorkspace, type Workspace } from "../estimator/workspace";
import { queriesAt, scheduleAt } from "../schedule/schedule";
import { asFactorLayout } from "../tree/factor-layout";
import type { Layout } from "../tree/layout";
import { givesBlocks, stepInBlocks } from "./block-step";
import { applyChain, transformHere, type Moved } from "./chain";
import { isExact, isReplayable, weightOf, type Method } from "./method";
import type { RoundsEnd, RoundsHere } from "./rounds/round";
import { answerAgain, answerRounds, type Terms } from "./run-rounds";
import { transformKind } from "./transforms";

/** Where in a run a step is. */
export interface StepIndex {
  /** Seed of the run's directions. */
  readonly seed: number;
  readonly step: number;
  readonly epoch: number;
  readonly layout: Layout;
}

/** What a step goes on from, and the memory that it may use. */
export interface StepFrom {
  /** What the method carries from the step before; default: its start. */
  readonly state?: State | undefined;
  /** Memory to reuse from step to step; default: new memory. */
  readonly workspace?: Workspace;
  /** Where an earlier step led, when nobody needs it any more: its memory is written over. Default: new memory. */
  readonly over?: StepOutcome | undefined;
  /** Directions in place of the method's kind, with its specification: for draws that were recorded elsewhere. Default: the table's. */
  readonly draws?: DirectionKind<DirectionSpec>;
}

export interface StepInput<Batch> extends StepIndex, StepFrom {
  readonly batch: Batch;
  /** Gives the batches of other steps, for methods that ask for them. */
  readonly batchAt?: (step: number) => Batch | Promise<Batch>;
}

export interface RecordedStep extends StepIndex, StepFrom, Measured {}

/** Where a step leads: the next point, never in the memory of the one before; after numbers that are not finite that one itself. */
export type StepOutcome = Moved;

export interface StepResult extends StepOutcome {
  readonly estimate: Estimate;
  readonly queries: number;
  readonly learningRate: number;
}

/** A step that has begun: what its parts may look at, and its directions. */
interface Begun {
  readonly here: Here;
  readonly state: State;
  /** What the directions look at, with their own vectors as this step has begun them. */
  readonly directions: Here;
  readonly kind: DirectionKind<DirectionSpec>;
  readonly draw: Draw;
  /** Directions as the point needs them: in its factors, where it has some. */
  readonly unformed: (draw: Draw) => Draw;
  readonly learningRate: number;
  readonly workspace: Workspace;
}

/**
 * Takes one step of a method: queries and learning rate from the schedules, what is measured on the batch, the update.
 * Numbers that are not finite move nothing; the caller sees them by `isFiniteEstimate` and stops the run.
 * For example `const { point: next, estimate } = await step(mezo(), objective, point, { seed: 0, step: 0, epoch: 0, layout, batch })`.
 * @throws when the point does not fit the layout, or step and epoch are not counts
 */
export async function step<Batch>(
  method: Method,
  objective: Objective<Batch>,
  point: Float32Array,
  input: StepInput<Batch>,
): Promise<StepResult> {
  const queries = positiveInteger("queries", queriesAt(method.queries, input));
  const begun = begin(method, point, input, queries);
  const { draw, workspace, learningRate } = begun;
  if (foldsBefore(method, input.layout, input.step)) await baseOf(objective).fold(point);
  const { probe, rounds } = method;
  if (rounds !== undefined) {
    const answered = await answerRounds(
      rounds,
      roundsHere(begun, queries),
      { draw, earlier: earlierOf(method, begun) },
      objective,
      begun.here.point,
      async (index) => (index === input.step ? input.batch : otherBatch(method, input, index)),
      workspace,
    );
    const { weights, carried, beyond, from, ...estimate } = answered;
    const found = { ...estimate, weights, carried, beyond, from };
    const next = moved(method, begun, isFiniteEstimate(estimate) ? found : null, input);
    return { ...next, estimate, queries, learningRate };
  }
  if (probe === undefined) return fail("method", "a probe or rounds", "none");
  const exact = isExact(method);
  if (probeKind("probe", probe).inBlocks === true && givesBlocks(objective)) {
    const chain = { learningRate, state: begun.state, over: input.over };
    const { estimate, moved: next } = await stepInBlocks(method.transforms, objective, begun.here, input.batch, chain);
    return { ...(next ?? { point, state: begun.state }), estimate, queries: 0, learningRate };
  }
  const eager = begun.kind.formed === undefined ? weightOf(method, queries) : null;
  const asked = { queries, draw, batch: input.batch, weightOf: eager };
  const estimate = await probeKind("probe", probe).measure(probe, objective, begun.here.point, asked, workspace);
  const summed = exact || eager !== null;
  const next = moved(
    method,
    begun,
    isFiniteEstimate(estimate) ? { ...estimate, ...(summed && { summed }) } : null,
    input,
  );
  return { ...next, estimate, queries: exact ? 0 : queries, learningRate };
}

/**
 * Gives the point after a recorded step, from its recorded numbers alone: the same bits as in the run.
 * For example `applyRecorded(method, point, { seed: 0, step: 0, epoch: 0, layout, projectedGradients: estimate.projectedGradients }).point`.
 * @throws when the point does not fit the layout, or nothing was recorded
 */
export function applyRecorded(method: Method, point: Float32Array, recorded: RecordedStep): StepOutcome {
  if (!isReplayable(method))
    fail(
      "replay",
      "a method whose steps follow from recorded scalars",
      `${method.name}: go on from a snapshot instead`,
    );
  const { projectedGradients, further = [] } = recorded;
  const begun = begin(method, point, recorded, projectedGradients.length);
  if (![...projectedGradients, ...further].every(Number.isFinite)) return moved(method, begun, null, recorded);
  const queries = someQueries(projectedGradients).length;
  if (method.rounds === undefined) return moved(method, begun, { projectedGradients, further }, recorded);
  const { weights, carried, beyond, from } = answerAgain(method.rounds, roundsHere(begun, queries), further);
  return moved(method, begun, { projectedGradients, further, weights, carried, beyond, from }, recorded);
}

function begin(method: Method, point: Float32Array, at: StepIndex & StepFrom, queries: number): Begun {
  const { seed, step: index, layout, state = NO_STATE, workspace = createWorkspace(layout.size) } = at;
  sameLength("point", point.length, layout.size);
  nonNegativeInteger("step", index);
  const kind = at.draws ?? directionKind("directions", method.directions);
  const whole = layout.factors?.whole ?? layout;
  const own = {
    seed,
    step: index,
    layout: whole,
    point,
    state: { ...state, vectors: ownVectors(state, "directions") },
  };
  const directions = beginKind(kind, method.directions, own);
  const drawn = kind.open(method.directions, directions);
  const factoring = layout.factors && factoringOf(asFactorLayout(layout), kind.kept);
  const anew = factoring !== undefined && drawsAnew(kind, method.directions, index);
  const from = anew ? withFixedFactors(point, drawn, factoring, queries) : point;
  const here = { seed, step: index, layout, point: from, state };
  const unformed = (draw: Draw): Draw => (factoring === undefined ? draw : factoredDraw(draw, factoring));
  const draw = unformed(drawn);
  return {
    here,
    state,
    directions,
    kind,
    draw,
    unformed,
    learningRate: scheduleAt(method.learningRate, at),
    workspace,
  };
}

function otherBatch<Batch>({ rounds }: Method, { batchAt }: StepInput<Batch>, index: number): Batch | Promise<Batch> {
  return batchAt === undefined
    ? fail("batchAt", `the batches of other steps, which ${rounds?.kind} asks for`, "none")
    : batchAt(index);
}

function roundsHere({ here, state, learningRate }: Begun, queries: number): RoundsHere {
  return { queries, learningRate, ...here, carried: ownVectors(state, "rounds") };
}

/** Draws what an earlier step moved along, with the bits of then, for directions that can be drawn again. */
function earlierOf({ directions }: Method, { kind, directions: now, workspace }: Begun): Terms["earlier"] {
  let opened: { readonly step: number; readonly draw: Draw } | null = null;
  const open = (step: number): Draw => {
    const then = beginKind(kind, directions, { ...now, step, state: NO_STATE });
    return kind.formed?.(directions, then, then) ?? kind.open(directions, then);
  };
  return (step, query) => {
    if (opened?.step !== step) opened = { step, draw: open(step) };
    return opened.draw(query, () => workspace.buffer(0));
  };
}

/** Whether a step begins with factors that the step before did not have. */
function drawsAnew(kind: DirectionKind<DirectionSpec>, spec: DirectionSpec, step: number): boolean {
  if (step === 0 || kind.kept === undefined) return true;
  return kind.basis?.(spec, step) !== kind.basis?.(spec, step - 1);
}

/**
 * Says whether the weights take the change so far in before this step, where points are changes that are kept as factors: when a factor that the
 * directions share is drawn anew, and with directions that share none before every step.
 */
export function foldsBefore({ directions }: Method, layout: Layout, step: number): boolean {
  return (
    layout.factors !== undefined && step > 0 && drawsAnew(directionKind("directions", directions), directions, step)
  );
}

function baseOf<Batch>({ base }: Objective<Batch>): FoldedBase {
  return base ?? fail("objective", "weights that a change can be folded into", "none");
}

/** What a step moves by: what was measured, and how far the gradient is made of it. */
interface Found extends Measured {
  /** From rounds. */
  readonly weights?: readonly number[];
  /** What rounds carry on. */
  readonly carried?: Vectors | undefined;
  readonly beyond?: RoundsEnd["beyond"] | undefined;
  readonly from?: Float32Array | undefined;
  /** `workspace.gradient` is the gradient already. */
  readonly summed?: boolean;
}

/** @param found null: nothing moves */
function moved(method: Method, begun: Begun, found: Found | null, { over }: StepFrom): StepOutcome {
  const { kind, state, learningRate, workspace } = begun;
  if (found === null) return { point: begun.here.point, state };
  const here = found.from === undefined ? begun.here : { ...begun.here, point: found.from };
  const learned = kind.learn?.(method.directions, begun.directions, found);
  const after =
    learned === undefined
      ? begun.directions
      : { ...begun.directions, state: { ...begun.directions.state, vectors: learned } };
  const chain = { learningRate, state, over };
  const kept: Vectors = {
    ...namedFor("directions", after.state.vectors),
    ...namedFor("rounds", found.carried ?? {}),
  };
  const formed = found.summed ? {} : form(method, { ...begun, here }, after, found, chain);
  return applyChain(method.transforms, here, workspace.gradient, chain, { ...kept, ...formed });
}

/** workspace.gradient <- what the method makes of weights and directions. @returns vectors of a first link that forms it */
function form(
  method: Method,
  begun: Begun,
  after: Here,
  found: Found,
  chain: Parameters<typeof transformHere>[2],
): Vectors {
  const { directions, transforms, combine } = method;
  const { kind, workspace, here } = begun;
  const other = kind.formed?.(directions, after, begun.directions);
  const draw = other === undefined ? begun.draw : begun.unformed(other);
  const earlier = earlierOf(method, begun);
  const weights = found.weights ?? weightsOf(combine, found.projectedGradients);
  const former = transforms[0] === undefined ? undefined : transformKind("transforms", transforms[0]);
  if (transforms[0] === undefined || former?.form === undefined) {
    const gradient = formInto(workspace, weights, draw);
    for (const { by, query, step: then } of found.beyond ?? []) earlier(then, query).addInPlace(gradient, by);
    return {};
  }
  const memory = (): Float32Array => workspace.buffer(0);
  const redrawn = here.step > 0 && kind.basis?.(directions, here.step) !== kind.basis?.(directions, here.step - 1);
  const weighted = {
    weights,
    direction: (query: number) => draw(query, memory),
    earlier,
    before: redrawn ? () => earlier(here.step - 1, 0) : null,
  };
  const seen = transformHere(transforms[0], here, chain);
  return namedFor(transforms[0].kind, former.form(transforms[0], seen, weighted, workspace.gradient));
}
