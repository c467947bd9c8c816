import type { Grid, Part } from "./cells";
import type { StudyName } from "./divergence";
import { studies } from "./divergence";
import { CHOICE_PATH, readChoice } from "./frozen-choice";
import type { FrozenArm } from "./frozen-choice";
import { gridArm } from "./grid-arm";
import type { GridPart } from "./grid-arm";
import type { PlannedRun } from "./plan";
import { partFrom, startedTask } from "./search-grid";
import type { Start } from "./search-grid";

/** The tasks that nothing is chosen on, by the study whose model they are learned with. */
export const HELD_OUT: Readonly<Record<StudyName, readonly string[]>> = {
  "minilm-trec": ["sst2", "sst5", "messages", "reviews"],
  "smollm2-sst2": ["sst5", "trec", "wic", "cb"],
};

/** Which of a choice's arms run together, and at which seeds; on which model alone, and which arms, where it is not all of a role's. */
interface Stage {
  readonly roles: readonly FrozenArm["role"][];
  readonly seeds: readonly number[];
  readonly of?: (study: StudyName, arm: FrozenArm) => boolean;
}

/** A pass of the language model takes as long as twenty of the encoder: its further rivals wait. */
const isDear = (study: StudyName, { role, arm }: FrozenArm): boolean =>
  study === "smollm2-sst2" && role === "rival" && arm !== "adazeta-passes" && arm !== "mezo-lora";

/** What is asked first comes first: a session that is cut off leaves fewer seeds of a stage, and the later ones are for later. */
const STAGES: readonly Stage[] = [
  {
    roles: ["chosen", "rival", "beside"],
    seeds: [0, 1, 2, 3, 4],
    of: (study, arm) => !isDear(study, arm),
  },
  { roles: ["ceiling"], seeds: [0, 1, 2, 3, 4] },
  { roles: ["ablation"], seeds: [0, 1, 2] },
  { roles: ["rival"], seeds: [0, 1, 2, 3, 4], of: isDear },
];

/** Longer texts than the encoder's study has. */
const PROBLEM = { batchSize: 8, train: 128, dev: 100, test: 200, maxTokens: 64 } as const;
/**
 * What is other on a pair. Messages are 120, of which 30 are for test and 24 for prototypes. The language model's time goes by tokens: 40 hold nine of
 * ten sentences of SST-5 and three of five pairs of WiC. CB's texts are longer, so that they lose their beginning, and no text is left out.
 */
const OTHERS: Readonly<Record<string, Partial<GridPart["problem"]>>> = {
  "minilm messages": { train: 42, dev: 24, test: 30 },
  "smollm2 sst5": { maxTokens: 40 },
  "smollm2 trec": { maxTokens: 40 },
  "smollm2 wic": { maxTokens: 40 },
  "smollm2 cb": { cutTo: 48 },
};

/**
 * Compares what was chosen with its rivals on eight pairs of a model and a task that it was not chosen on: 800 forward passes, five paired seeds;
 * then the ceiling on the same, what is without one part of the chosen with three seeds, and the language model's further rivals. A stage goes through
 * its pairs seed by seed.
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
  const stages = STAGES.map(({ roles, seeds, of = () => true }) =>
    studied.flatMap((study) => {
      const arms = choice[studies[study].model].filter((arm) => roles.includes(arm.role) && of(study, arm));
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
  const part = partFrom(study, start, { task, problem: problemOf(study, task) });
  return arms
    .filter((each) => each.start === start)
    .map(({ arm: id, learningRate }) => gridArm(part, { id, ...(learningRate !== null && { learningRates: [learningRate] }) })); // prettier-ignore
}

function problemOf(study: StudyName, task: string): GridPart["problem"] {
  const { model, problem } = studies[study];
  const { maxTokens, ...plain } = { ...PROBLEM, ...OTHERS[`${model} ${task}`] };
  const cut = "cutTo" in plain;
  return { ...plain, ...(!cut && { maxTokens }), ...(problem.shots !== undefined && { shots: problem.shots }) };
}
