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

/** What is asked first comes first: a session that is cut off leaves fewer seeds, and later no ablation, but whole comparisons. */
const STAGES: readonly { readonly roles: readonly FrozenArm["role"][]; readonly seeds: readonly number[] }[] = [
  { roles: ["chosen", "rival", "beside"], seeds: [0, 1, 2, 3, 4] },
  { roles: ["ceiling"], seeds: [0, 1, 2, 3, 4] },
  { roles: ["ablation"], seeds: [0, 1, 2] },
];
/** Longer texts than the studies', and no shortest one. */
const PROBLEM = { batchSize: 8, train: 128, dev: 100, test: 200, maxTokens: 64 } as const;
/** Fewer where a table has not so many: 120 messages, of which 30 are for test and 24 for prototypes. */
const SIZES: Readonly<Record<string, object>> = { messages: { train: 42, dev: 24, test: 30 } };

/**
 * Compares what was chosen with its rivals on eight pairs of a model and a task that it was not chosen on: 800 forward passes, five paired seeds;
 * then the ceiling on the same, and what is without one part of the chosen with three seeds. A stage goes through its pairs seed by seed.
 * Without a frozen choice it has no runs, and says so (`waits`): what is chosen after a look at these tasks would prove nothing.
 * For example `cellsOf(heldOutGrid()).length`: 0 before the choice is frozen; after, 20 for each arm of a model, 12 where it is an ablation.
 * @throws when the file of the choice is no choice, or a row has changed since
 */
export function heldOutGrid(path: string = CHOICE_PATH): Grid<PlannedRun> {
  const name = "held-out";
  const choice = readChoice(path);
  if (choice === null)
    return {
      name,
      stages: [],
      waits: `the choice is not frozen yet: ${path} does not exist. Search first (npm run experiment -- search), let npm run freeze-choice write the choice there, commit it, and only then look at the held-out tasks`,
    };
  const studied = Object.keys(HELD_OUT) as StudyName[];
  const stages = STAGES.map(({ roles, seeds }) =>
    studied.flatMap((study) => {
      const arms = choice[studies[study].model].filter(({ role }) => roles.includes(role));
      return partsOf(study, arms, seeds);
    }),
  );
  return { name, stages: stages.filter(({ length }) => length > 0) };
}

function partsOf(study: StudyName, arms: readonly FrozenArm[], seeds: readonly number[]): readonly Part<PlannedRun>[] {
  const starts = [...new Set(arms.map(({ start }) => start))];
  return HELD_OUT[study].flatMap((task) =>
    starts.map((start) => ({
      task: `${studies[study].model} ${startedTask(task, start)}`,
      seeds,
      learningRates: [0],
      arms: armsFrom(study, task, start, arms),
    })),
  );
}

function armsFrom(study: StudyName, task: string, start: Start, arms: readonly FrozenArm[]) {
  const { shots } = studies[study].problem;
  const part = partFrom(study, start, {
    task,
    problem: { ...PROBLEM, ...SIZES[task], ...(shots !== undefined && { shots }) },
  });
  return arms
    .filter((each) => each.start === start)
    .map(({ arm: id, learningRate }) => gridArm(part, { id, ...(learningRate !== null && { learningRates: [learningRate] }) })); // prettier-ignore
}
