import { fail, sameLength } from "../check/check";
import type { State } from "../estimator/state";
import { createWorkspace } from "../estimator/workspace";
import type { FoldedBase } from "../estimator/objective";
import { applyRecorded, foldsBefore } from "../optimizer/step";
import type { Method } from "../optimizer/method";
import type { StepOutcome } from "../optimizer/step";
import { addChangeInPlace, asFactorLayout, factorPlaces, type FactorPlace } from "../tree/factor-layout";
import type { Layout } from "../tree/layout";
import { norm } from "../tree/vector";
import { methodAt } from "./steering";
import { fingerprintLayout, fingerprintPoint } from "./fingerprint";
import type { StepRecord } from "./records";
import type { Trajectory } from "./trajectory";

/** A point on the way [d] and the number of steps that led to it. */
export interface Waypoint {
  readonly step: number;
  readonly point: Float32Array;
  /** What the method carries on from here; absent: its start. */
  readonly state?: State | undefined;
}

/** What of a step a walk needs. */
export type WalkedStep = Pick<StepRecord, "step" | "epoch" | "projectedGradients" | "further" | "weightNorm">;

/** What of a record a walk needs. */
export interface Walked extends Pick<Trajectory, "header" | "changes"> {
  readonly steps: readonly WalkedStep[];
}

/**
 * Walks a recorded run again, step by step, with no forward pass: directions come from the seed, scalars from the record.
 * On the machine that made the record every point has the same bits as in the run. A waypoint's memory is used again two steps later.
 * @param from where to begin: the run's start, or a later point of the same run
 * @param method the run's, with functions that a record does not carry; default: the recorded one
 * @throws when the points walked are not those of the record, or the method is first-order: its steps are not in the record
 */
export function* walk(
  trajectory: Walked,
  from: Waypoint,
  layout: Layout,
  method: Method = trajectory.header.settings.method,
): Generator<Waypoint> {
  const { settings, start } = trajectory.header;
  sameLength("start", from.point.length, start.parameters);
  if (fingerprintLayout(layout) !== start.layout)
    fail("layout", `the trainable parameters with fingerprint ${start.layout}`, fingerprintLayout(layout));
  if (from.step === 0 && fingerprintPoint(from.point) !== start.fingerprint)
    fail("start", `the point with fingerprint ${start.fingerprint}`, fingerprintPoint(from.point));
  let { point, state } = from;
  const workspace = createWorkspace(layout.size);
  const passed: StepOutcome[] = [];
  for (const record of trajectory.steps.slice(from.step)) {
    const { epoch, projectedGradients, further = [] } = record;
    const recorded = {
      seed: settings.seed,
      step: record.step - 1,
      epoch,
      layout,
      projectedGradients,
      further,
      ...(state && { state }),
      workspace,
      over: passed.length === 2 ? passed.shift() : undefined,
    };
    const next = applyRecorded(methodAt(method, trajectory.changes, recorded.step), point, recorded);
    if (next.point !== point) passed.push(next);
    ({ point, state } = next);
    yield { step: record.step, point, state };
  }
  const last = trajectory.steps.at(-1);
  if (last === undefined) return;
  const found = norm(point);
  if (!(Math.abs(found - last.weightNorm) <= 1e-3 * last.weightNorm))
    fail("replay", `weight norm ${last.weightNorm} after step ${last.step} as recorded`, found);
}

/**
 * Gives the point [d] at which a recorded run stood, after all its steps or after the first `through` of them. Where points are changes of weights
 * that took earlier ones in, `standAt` and `formedWeights` say of which.
 * For example `replay(readTrajectory("data/runs/first/trajectory.jsonl")!, start, layout)`: the run's last point, bit for bit.
 * @param method the run's, for one whose directions are your own: a record has their name and text, and no function
 * @throws when `start` is not where the run started, or the method does not lead where the record says
 */
export function replay(
  trajectory: Trajectory,
  start: Float32Array,
  layout: Layout,
  through?: number,
  method?: Method,
): Float32Array {
  const part = through === undefined ? trajectory : { ...trajectory, steps: trajectory.steps.slice(0, through) };
  let { point } = { point: start };
  for (const waypoint of walk(part, { step: 0, point: start }, layout, method)) point = waypoint.point;
  return point.slice();
}

/**
 * Brings the weights that points are changes of to where they were after a recorded run's steps, or after the first `through` of them: back to
 * the start, and every change folded in as in the run.
 * @returns the point there, a change of them [d]
 * @throws as `walk` does
 */
export async function standAt(
  base: FoldedBase,
  { header, steps, changes }: Walked,
  start: Float32Array,
  layout: Layout,
  method: Method = header.settings.method,
  through: number = steps.length,
): Promise<Float32Array> {
  await base.reset();
  let stand = start;
  for (const { change, folds } of changesOf({ header, changes, steps: steps.slice(0, through) }, start, layout, method))
    if (folds) await base.fold(change);
    else stand = change;
  return stand.slice();
}

/** Gives the changes of weights that a run came to: each one that was folded in, when it was, and last the one that was not, where the run stood. */
function* changesOf(
  walked: Walked,
  start: Float32Array,
  layout: Layout,
  method: Method,
): Generator<{ readonly change: Float32Array; readonly folds: boolean }> {
  let change = start;
  for (const { step, point } of walk(walked, { step: 0, point: start }, layout, method)) {
    if (foldsBefore(methodAt(method, walked.changes, step - 1), layout, step - 1)) yield { change, folds: true };
    change = point;
  }
  yield { change, folds: false };
}

/**
 * Gives the weights that a run of changes (`FullSpec.factors`) stood at after all its steps, or after the first `through` of them, formed from its
 * record alone: the bits that the run's own engine came to.
 * @param weights the model's own, as full-parameter training has them [d of the whole]: written over
 * @param start of the run: a change
 * @throws as `walk` does
 */
export function formedWeights(
  { header, steps, changes }: Walked,
  weights: Float32Array,
  start: Float32Array,
  layout: Layout,
  method: Method = header.settings.method,
  through: number = steps.length,
): Float32Array {
  const factors = asFactorLayout(layout);
  const { whole } = factors.factors;
  sameLength("weights", weights.length, whole.size);
  const take = (change: Float32Array, kinds: readonly FactorPlace["kind"][]): void =>
    factorPlaces(factors).forEach((place, i) => {
      const { offset, size } = whole.entries[i];
      if (kinds.includes(place.kind)) addChangeInPlace(weights.subarray(offset, offset + size), factors, place, change);
    });
  for (const { change, folds } of changesOf({ header, changes, steps: steps.slice(0, through) }, start, layout, method))
    take(change, folds ? ["outer"] : ["outer", "dense"]);
  return weights;
}
