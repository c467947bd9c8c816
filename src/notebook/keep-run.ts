import { createHash } from "node:crypto";
import { fail } from "../check/check";
import type { Arm } from "../experiment/arm";
import { armTitle } from "../experiment/arms";
import { decidingFiles } from "../experiment/deciding-files";
import type { Trainable } from "../experiment/problem";
import { armOptions } from "../experiment/run-arm";
import type { ArmRun } from "../experiment/run-arm";
import { canonicalJson } from "../train/canonical-json";
import type { TrainEvent } from "../train/events";
import { finalEnding } from "../train/loop-parts";
import { clearRun, describeDamage, keepSummary, runOf } from "../train/runs";
import type { KeptRun } from "../train/runs";
import { headerOf } from "../train/train";
import type { RunResult, TrainOptions } from "../train/train";
import { refusedSources, toldSources, trainInFile } from "../train/train-in-file";
import { readTrajectory } from "../train/trajectory";
import type { Trajectory } from "../train/trajectory";
import { claimOrWatch } from "../train/watch";
import { closeWriter, openWriter } from "./open";
import type { OpenAdapter } from "./open";
import type { SpreadCrew } from "./worker-crew";
import { commitNow, machineNow } from "./provenance";

/** Where interactive runs are kept; git-ignored. */
export const RUNS = "data/runs";

/**
 * The files that decide a run's numbers as they were when this module was loaded: a kernel loads it again when one of them, all of
 * which are behind it, has changed and a cell imports it, and until then goes on with what it has.
 */
const SOURCES = decidingFiles();

/** What a kept run says of itself in its trajectory's header. */
export interface RunNote {
  readonly arm: string;
  readonly problem: string;
  readonly chanceLoss: number;
  /** Dev texts, which say how much of a loss is luck. */
  readonly devTexts: number;
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
}

/** Gives what a figure of a problem's runs is called. */
export function title({ task, loaded }: Pick<Trainable<unknown>, "task" | "loaded">): string {
  return `${task.own === undefined ? task.name.toUpperCase() : task.name} on ${loaded.title}`;
}

/** What became of an arm: a run; nothing, as its record is not to be gone on with; or Stop while another process made it. */
export type Kept =
  | { readonly kind: "run"; readonly kept: KeptRun; readonly result: RunResult; readonly reused: boolean }
  | { readonly kind: "passed over"; readonly message: string; readonly recorded: Trajectory | null }
  | { readonly kind: "left"; readonly message: string };

/** Who hears of a run that is made and kept. */
export interface Listening {
  /** Hears what is to be said of it, a line each. */
  readonly tell: (line: string) => void;
  readonly onEvent: (event: TrainEvent) => void;
  /** Hears what another process has written of the run so far. */
  readonly onSeen: (seen: Trajectory) => void;
}

/** How a run is made and kept. */
export interface KeepOptions extends Omit<ArmRun, "writer"> {
  /** Runs again what has a record; default false. */
  readonly recompute?: boolean | undefined;
  /** Goes on with a begun run although files that decide its numbers have changed since; its record says at which step. Default false. */
  readonly continueChanged?: boolean | undefined;
  /** Folder of the kept runs; default data/runs. */
  readonly store?: string | undefined;
  /** Who computes queries of its steps besides; default: nobody. */
  readonly helpers?: SpreadCrew | undefined;
}

/**
 * Makes an arm's run in its folder of the store: begun, continued, or read from its record where it is done. While another process makes it, it is
 * only looked at. The folder's name has a hash of all that decides the numbers, so whoever asks for the same run, a cell or a settings file, gets
 * the same one.
 * @throws as `armOptions` and `trainInFile`
 */
export async function keepRun<Batch>(
  problem: Trainable<Batch>,
  arm: Arm,
  { adapter, session }: OpenAdapter,
  options: KeepOptions,
  hand: Pick<TrainOptions<never>, "steer" | "abandon"> & { readonly signal: AbortSignal },
  { tell, onEvent, onSeen }: Listening,
): Promise<Kept> {
  const { store = RUNS } = options;
  const called = armTitle(arm.name);
  const note: RunNote = {
    arm: arm.name,
    problem: title(problem),
    chanceLoss: problem.chance.loss,
    devTexts: problem.chance.count,
    date: new Date().toISOString(),
    commit: commitNow(),
    machine: machineNow(),
  };
  const writer = () => openWriter(problem.loaded, adapter.spec);
  const basic = armOptions(arm, problem, adapter, session, { ...options, writer });
  const abandon = (): void => {
    hand.abandon?.();
    if (options.objective !== undefined) void closeWriter(problem.loaded);
  };
  const { settings, identity, start } = headerOf(basic);
  const hash = createHash("sha256").update(canonicalJson({ settings, identity, start })).digest("hex").slice(0, 8);
  const kept = runOf(store, arm.name, hash);
  const lengths = new Set<number>();
  const { claim, before } = await claimOrWatch(kept.path, {
    signal: hand.signal,
    onHeld: ({ who, since }) => tell(`${called}: ${watching(who, since)}`),
    onSeen(seen) {
      lengths.add(seen.steps.length);
      onSeen(seen);
    },
  });
  if (claim === null)
    return { kind: "left", message: `no longer shown here; ${before?.who ?? "another"} goes on with it` };
  try {
    // What another made anew while this cell looked on need not be made once more.
    if (options.recompute === true && lengths.size < 2) clearRun(kept);
    const found = recordOf(kept, options);
    if ("message" in found) return { kind: "passed over", ...found };
    const { recorded } = found;
    if (recorded !== null && recorded.sources === null && SOURCES !== null)
      tell(`${called}: kept by an earlier version: whether the source has changed since is not known`);
    const stoppedThere = before !== null && recorded?.end?.reason === "stopped";
    if (before !== null) tell(`${called}: ${afterwards(before.who, recorded)}`);
    let steps = 0;
    const ended = finalEnding(recorded?.end ?? null) !== null || stoppedThere;
    const asking = ended ? {} : await spreadSteps(problem, arm, basic, options);
    const result = await trainInFile(
      {
        ...basic,
        ...asking,
        note,
        clock: () => performance.now(),
        ...hand,
        abandon,
        path: kept.path,
        snapshotEvery: 100,
        ...(stoppedThere && { signal: AbortSignal.abort() }),
        claim,
        sources: SOURCES,
        whenChanged: options.continueChanged === true ? "continue" : "refuse",
      },
      (event) => {
        if (event.kind === "step") steps++;
        onEvent(event);
      },
    );
    keepSummary(kept, `${arm.name} ${hash}`, result);
    return { kind: "run", kept, result, reused: recorded !== null && steps === 0 };
  } finally {
    claim.release();
  }
}

/** What makes a run's steps ask its helpers; nothing where it has none. */
async function spreadSteps<Batch>(
  problem: Trainable<Batch>,
  arm: Arm,
  basic: Omit<TrainOptions<Batch>, "clock">,
  { helpers, seed }: KeepOptions,
): Promise<Pick<TrainOptions<Batch>, "asking">> {
  if (helpers === undefined) return {};
  const { loaded, task, options } = problem;
  if (task.own !== undefined) fail("workers", "a task that they know by its name", `${task.name}, a file of your own`);
  const order = { model: loaded.name, task: task.name, problem: options, arm, seed };
  const spread = await helpers.spread({ ...basic, clock: () => 0 } as unknown as TrainOptions<unknown>, order);
  return { asking: spread.asking as TrainOptions<Batch>["asking"] };
}

/** What is kept of a run that may be gone on with; else why it may not, and what to do. */
function recordOf(
  kept: KeptRun,
  { continueChanged = false }: KeepOptions,
): { readonly recorded: Trajectory | null } | { readonly recorded: Trajectory | null; readonly message: string } {
  let recorded: Trajectory | null;
  try {
    recorded = readTrajectory(kept.path);
  } catch (error) {
    return { recorded: null, message: `${describeDamage(kept, error)}; recompute: true runs it again in its place` };
  }
  const refused = recorded === null || continueChanged ? [] : refusedSources(kept.path, recorded, SOURCES);
  if (refused.length === 0) return { recorded };
  const message =
    `${toldSources(refused)}; it is shown as it is and not continued: recompute: true runs it again, ` +
    "continueChanged: true goes on with the files of now";
  return { recorded, message };
}

function watching(who: string, since: string | null): string {
  return (
    `${who} works on this run${since === null ? "" : ` since ${since.slice(0, 19).replace("T", " ")} UTC`}; it is shown here as it goes ` +
    "(Stop ends that alone), and goes on here if that one dies"
  );
}

function afterwards(who: string, recorded: Trajectory | null): string {
  const end = recorded?.end ?? null;
  if (end === null) return `${who} ended before the run did: it goes on here after step ${recorded?.steps.length ?? 0}`;
  return end.reason === "stopped" ? `it was stopped there (${who}), and so here` : `it was ended there (${who})`;
}
