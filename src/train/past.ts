import { isReplayable } from "../optimizer/method";
import { averagedEvaluations } from "./average";
import { bestOf } from "./best";
import { walk } from "./replay";
import { readSnapshot } from "./snapshot";
import type { PastRun, TrainOptions } from "./train";
import type { Trajectory } from "./trajectory";

/** Where a recorded run goes on, and how much of its file stays. */
export interface Resumption {
  /** Undefined: from its start. */
  readonly past: PastRun | undefined;
  readonly keepBytes: number;
  /** Says what is done again; null when nothing is. */
  readonly again: string | null;
  /** The step of the snapshot that was used; null where none was. */
  readonly snapshot: number | null;
}

type ResumedRun = Pick<TrainOptions<never>, "settings" | "start" | "layout" | "chance">;

/**
 * Says where a recorded run stands: walked again from its scalars where the method allows it, else at its last snapshot (steps after
 * it are taken again: a function of the batch and the point alone, so they come out the same).
 * @param path the trajectory's; the snapshot lies beside it
 */
export async function resume(path: string, recorded: Trajectory, run: ResumedRun): Promise<Resumption> {
  if (isReplayable(run.settings.method))
    return { ...(await walked(path, recorded, run)), keepBytes: recorded.goodBytes, again: null };
  return fromSnapshot(path, recorded, run);
}

/** A run so far, with its point and best point walked again from the start or from a snapshot. */
async function walked(
  path: string,
  recorded: Trajectory,
  { settings, start, layout, chance }: ResumedRun,
): Promise<Pick<Resumption, "past" | "snapshot">> {
  const { header, steps, evaluations, changes, end } = recorded;
  const wanted = bestOf(recorded.evaluations, { by: settings.best, chance });
  const snapshot = readSnapshot(`${path}.snapshot`, header, steps.length);
  const averaged = averagedEvaluations(recorded.evaluations, settings.averageLast ?? 0).map(({ step }) => step);
  const usable =
    snapshot !== null &&
    (wanted === null || wanted.step >= snapshot.last.step || wanted.step === snapshot.best?.step) &&
    averaged.every((step) => step >= snapshot.last.step);
  const from = usable ? snapshot.last : { step: 0, point: start, state: undefined };
  let { point, state } = { point: from.point.slice(), state: from.state };
  let best =
    wanted === null ? null : from.step === wanted.step ? point : usable ? (snapshot.best?.point ?? null) : null;
  const recent = averaged.includes(from.step) ? [{ step: from.step, point: point.slice() }] : [];
  for (const waypoint of walk(recorded, { step: from.step, point, state }, layout, settings.method)) {
    ({ point, state } = waypoint);
    if (waypoint.step === wanted?.step) best = point.slice();
    if (averaged.includes(waypoint.step)) recent.push({ step: waypoint.step, point: waypoint.point.slice() });
    if (waypoint.step % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const past: PastRun = {
    header,
    point,
    state,
    best: wanted === null || best === null ? null : { point: best.slice(), evaluation: wanted },
    steps,
    evaluations,
    changes,
    end,
    recent,
    ...(recorded.average && { average: recorded.average }),
  };
  return { past, snapshot: usable ? from.step : null };
}

function fromSnapshot(path: string, recorded: Trajectory, { settings, chance }: ResumedRun): Resumption {
  const { header, steps, evaluations, changes, end, stepEnds, goodBytes } = recorded;
  const snapshot = readSnapshot(`${path}.snapshot`, header, steps.length);
  if (snapshot === null) {
    const again =
      steps.length === 0 ? null : `no snapshot of this first-order run: its ${steps.length} steps start over`;
    return { past: undefined, keepBytes: 0, again, snapshot: null };
  }
  const { last, best } = snapshot;
  const complete = last.step === steps.length;
  // A snapshot is older than the evaluation after its step, so that one is made again where the file is cut.
  const kept = complete ? evaluations : evaluations.filter(({ step }) => step < last.step);
  const wanted = bestOf(kept, { by: settings.best, chance });
  const point = wanted?.step === last.step ? last.point : wanted?.step === best?.step ? best?.point : undefined;
  return {
    past: {
      header,
      point: last.point,
      state: last.state,
      best: wanted && point ? { point: point.slice(), evaluation: wanted } : null,
      steps: steps.slice(0, last.step),
      evaluations: kept,
      changes: complete ? changes : changes.filter(({ step }) => step < last.step),
      end: complete ? end : null,
      ...(complete && recorded.average && { average: recorded.average }),
    },
    keepBytes: complete ? goodBytes : stepEnds[last.step - 1],
    snapshot: last.step,
    again: complete ? null : `${steps.length - last.step} steps after the last snapshot are taken again`,
  };
}
