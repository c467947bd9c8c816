import { knownOptions, namesOf } from "../check/known-options";
import { armTitle, isArm } from "../experiment/arms";
import { runRecord } from "../table/from-training";
import { trainedFor } from "../table/record";
import type { RunRecord } from "../table/record";
import { differingSettings } from "../table/summary";
import { describeDamage, listRuns } from "../train/runs";
import type { ListedRun } from "../train/runs";
import { readTrajectory } from "../train/trajectory";
import type { Trajectory } from "../train/trajectory";
import { RUNS } from "./keep-run";
import type { RunNote } from "./keep-run";

export interface KeptRunsOptions {
  /** Only runs of this arm, by its id or its name in records. */
  readonly arm?: string;
  /** Only runs on this problem (`title`). */
  readonly problem?: string;
  /** Only runs on these very texts (`Problem.dataHash`). */
  readonly data?: string;
  /** Folder of the kept runs; default data/runs. */
  readonly store?: string;
}

const OPTIONS = namesOf<KeptRunsOptions>({ arm: true, problem: true, data: true, store: true });

/**
 * Gives the runs kept by earlier cells and sessions, ready for figures and `compareRuns`; each is named by its arm and the settings in
 * which it differs from the others. A damaged one is named with what to do, and passed over.
 * For example `showFigure(lossByStepsAndPasses(keptRuns({ arm: "AdaZeta" })))`.
 * @throws when an option is unknown: a filter that is misspelt would keep all of them
 */
export function keptRuns(options: KeptRunsOptions = {}): readonly RunRecord[] {
  knownOptions("keptRuns", options, OPTIONS);
  const { arm, problem, data, store = RUNS } = options;
  const found = listRuns(store).flatMap((run) => {
    const trajectory = readOrTell(run);
    const { id } = run;
    const note = trajectory?.header.note as Partial<RunNote> | null | undefined;
    if (!trajectory || typeof note?.arm !== "string" || typeof note.chanceLoss !== "number") return [];
    if ((arm !== undefined && !isArm(note.arm, arm)) || (problem !== undefined && note.problem !== problem)) return [];
    if (data !== undefined && trajectory.header.identity.data !== data) return [];
    // Notes of earlier versions do not say how many dev texts there were: their chance has no luck in it.
    const chance = { loss: note.chanceLoss, count: note.devTexts ?? Infinity };
    return [{ ...runRecord(trajectory, { arm: note.arm, chance }), id }];
  });
  const differing = differingSettings(found).filter(
    (name) => !name.endsWith(".name") && !/^method\.\w+\.source$/.test(name) && !/^(objective\.|best$)/.test(name),
  );
  const objectives = new Set(found.map(trainedFor));
  return found.map((run) => ({
    ...run,
    name: [
      armTitle(run.arm),
      ...(objectives.size > 1 ? [`for ${trainedFor(run)}`] : []),
      ...describe(run, differing),
    ].join(", "),
  }));
}

/** A run's trajectory; null where there is none, or it is damaged: then one line says so. */
function readOrTell(run: ListedRun): Trajectory | null {
  try {
    if (run.damaged === null) return readTrajectory(run.path);
    console.log(`${run.id}: ${run.damaged}`);
  } catch (error) {
    console.log(`${run.id}: ${describeDamage(run, error)}`);
  }
  return null;
}

function describe({ learningRate, settings, seed }: RunRecord, differing: readonly string[]): readonly string[] {
  const short = differing
    .filter((name) => settings?.[name] !== null && settings?.[name] !== undefined)
    .filter((name) => !name.startsWith("stop") && !name.includes("learningRate"))
    .map((name) => `${name.split(".").at(-1) ?? name} ${String(settings?.[name])}`);
  return [`rate ${learningRate}`, ...short, `seed ${seed}`];
}
