import type { Grid, Part } from "./cells";
import type { StudyName } from "./divergence";
import { studies } from "./divergence";
import { CHOICE_PATH, readChoice } from "./frozen-choice";
import type { FrozenArm } from "./frozen-choice";
import { gridArm } from "./grid-arm";
import type { PlannedRun } from "./plan";
import { partFrom, startedTask } from "./search-grid";
import type { Start } from "./search-grid";

/** The tasks that nothing is chosen on, by the study whose model they are learned with. */
export const HELD_OUT: Readonly<Record<StudyName, readonly string[]>> = {
  "minilm-trec": ["sst2", "sst5", "messages", "reviews"],
  "smollm2-sst2": ["sst5", "trec", "wic", "cb"],
};

const SEEDS = [0, 1, 2, 3, 4] as const;
/** Longer texts than the studies', and no shortest one. */
const PROBLEM = { batchSize: 8, train: 128, dev: 100, test: 200, maxTokens: 64 } as const;

/**
 * Compares what was chosen with its rivals on eight pairs of a model and a task that it was not chosen on: 800 forward passes, five paired seeds.
 * Without a frozen choice it has no runs, and says so (`waits`): what is chosen after a look at these tasks would prove nothing.
 * For example `cellsOf(heldOutGrid()).length`: 0 before the choice is frozen; 40 for each arm after.
 * @throws when the file of the choice is no choice, or a row has changed since
 */
export function heldOutGrid(path: string = CHOICE_PATH): Grid<PlannedRun> {
  const name = "held-out";
  const choice = readChoice(path);
  if (choice === null)
    return {
      name,
      stages: [],
      waits: `the choice is not frozen yet: ${path} does not exist. Search first (npm run experiment -- search), write the choice there and commit it, and only then look at the held-out tasks`,
    };
  const parts = (Object.keys(HELD_OUT) as StudyName[]).flatMap((study) => partsOf(study, choice[studies[study].model]));
  return { name, stages: [parts] };
}

function partsOf(study: StudyName, arms: readonly FrozenArm[]): readonly Part<PlannedRun>[] {
  const starts = [...new Set(arms.map(({ start }) => start))];
  return HELD_OUT[study].flatMap((task) => starts.map((start) => partOf(study, task, start, arms)));
}

function partOf(study: StudyName, task: string, start: Start, arms: readonly FrozenArm[]): Part<PlannedRun> {
  const { shots } = studies[study].problem;
  const part = partFrom(study, start, { task, problem: { ...PROBLEM, ...(shots !== undefined && { shots }) } });
  return {
    task: `${studies[study].model} ${startedTask(task, start)}`,
    seeds: SEEDS,
    learningRates: [0],
    arms: arms
      .filter((each) => each.start === start)
      .map(({ arm: id, learningRate }) => gridArm(part, { id, ...(learningRate !== null && { learningRates: [learningRate] }) })), // prettier-ignore
  };
}
