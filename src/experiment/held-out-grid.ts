import type { Grid, Part } from "./cells";
import type { StudyName } from "./divergence";
import { studies } from "./divergence";
import { CHOICE_PATH, readChoice } from "./frozen-choice";
import { inHalfDecades } from "./field-grid";
import type { FrozenArm } from "./frozen-choice";
import { gridArm } from "./grid-arm";
import type { GridPart } from "./grid-arm";
import type { PlannedRun } from "./plan";
import { partFrom, startedTask } from "./search-grid";
import type { Start } from "./search-grid";

/** The experiment on tasks that nothing is chosen on. */
export const HELD_OUT_RUNS = "held-out";

/** The tasks that nothing is chosen on, by the study whose model they are learned with. */
export const HELD_OUT: Readonly<Record<StudyName, readonly string[]>> = {
  "minilm-trec": ["sst2", "sst5", "messages", "reviews"],
  "smollm2-sst2": ["sst5", "trec", "wic", "cb"],
};

/** Runs that are made together: of which of a choice's arms on a model, and at which seeds. */
interface Stage {
  readonly seeds: readonly number[];
  readonly of: (arm: FrozenArm, study: StudyName) => boolean;
  /** Rates, as multiples of the frozen one; default: it alone. */
  readonly by?: readonly number[];
}

/** Half a decade below the frozen rate and above it: how far it is from the best one is looked at, never chosen by. */
const BESIDE = [1 / Math.sqrt(10), Math.sqrt(10)] as const;

const onEncoder = (study: StudyName): boolean => study === "minilm-trec";
const isOneOf = ({ role }: FrozenArm, ...roles: readonly FrozenArm["role"][]): boolean => roles.includes(role);
/** The language model's first comparison: a pass of it takes as long as twenty of the encoder, so that further rivals wait. */
const isFirst = (arm: FrozenArm): boolean =>
  isOneOf(arm, "chosen", "beside") || arm.arm === "adazeta-passes" || arm.arm === "mezo-lora";

/** What is asked first comes first, and what is dear last: a session that is cut off leaves whole answers. */
const STAGES: readonly Stage[] = [
  { seeds: [0, 1, 2, 3, 4], of: (arm, study) => onEncoder(study) && isOneOf(arm, "chosen", "rival", "beside") },
  { seeds: [0], of: (arm, study) => !onEncoder(study) && isFirst(arm) },
  { seeds: [0, 1, 2, 3, 4], of: (arm, study) => onEncoder(study) && isOneOf(arm, "ceiling") },
  { seeds: [0, 1, 2], of: (arm) => isOneOf(arm, "ablation") },
  { seeds: [0, 1, 2], of: (arm, study) => onEncoder(study) && isOneOf(arm, "chosen"), by: BESIDE },
  { seeds: [1, 2, 3, 4], of: (arm, study) => !onEncoder(study) && isFirst(arm) },
  { seeds: [0, 1, 2, 3, 4], of: (arm, study) => !onEncoder(study) && isOneOf(arm, "rival") && !isFirst(arm) },
  { seeds: [0, 1, 2, 3, 4], of: (arm, study) => !onEncoder(study) && isOneOf(arm, "ceiling") },
  { seeds: [0], of: (arm, study) => !onEncoder(study) && isOneOf(arm, "chosen"), by: BESIDE },
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
 * Compares what was chosen with its rivals on eight pairs of a model and a task that it was not chosen on: 800 forward passes, five paired seeds,
 * beside the ceiling, and with three seeds what is without one part of the chosen, and the chosen half a decade below its rate and above. A stage goes
 * through its pairs seed by seed.
 * Without a frozen choice it has no runs, and says so (`waits`): what is chosen after a look at these tasks would prove nothing.
 * For example `cellsOf(heldOutGrid()).length`: 0 before the choice is frozen; after, 20 for each arm of a model, 12 where it is an ablation, and 32 for the chosen at other rates.
 * @throws when the file of the choice is no choice, or a row has changed since
 */
export function heldOutGrid(path: string = CHOICE_PATH): Grid<PlannedRun> {
  const name = HELD_OUT_RUNS;
  const choice = readChoice(path);
  if (choice === null)
    return {
      name,
      stages: [],
      waits: `the choice is not frozen yet: ${path} does not exist. Search first (npm run experiment -- search), let npm run freeze-choice write the choice there, commit it, and only then look at the held-out tasks`,
    };
  const studied = Object.keys(HELD_OUT) as StudyName[];
  const stages = STAGES.map(({ seeds, of, by = [1] }) =>
    studied.flatMap((study) =>
      partsOf(
        study,
        choice[studies[study].model].filter((arm) => of(arm, study)),
        seeds,
        by,
      ),
    ),
  );
  return { name, stages: stages.filter(({ length }) => length > 0) };
}

function partsOf(
  study: StudyName,
  arms: readonly FrozenArm[],
  seeds: readonly number[],
  by: readonly number[],
): readonly Part<PlannedRun>[] {
  const starts = [...new Set(arms.map(({ start }) => start))];
  return HELD_OUT[study].flatMap((task) =>
    starts.map((start) => ({
      task: `${studies[study].model} ${startedTask(task, start)}`,
      seeds,
      learningRates: by,
      arms: armsFrom(study, task, start, arms, by),
    })),
  );
}

function armsFrom(study: StudyName, task: string, start: Start, arms: readonly FrozenArm[], by: readonly number[]) {
  const part = partFrom(study, start, { task, problem: problemOf(study, task) });
  return arms
    .filter((each) => each.start === start)
    .map(({ arm: id, learningRate }) => gridArm(part, { id, ...(learningRate !== null && { learningRates: by.map((factor) => (factor === 1 ? learningRate : inHalfDecades(factor * learningRate))) }) })); // prettier-ignore
}

function problemOf(study: StudyName, task: string): GridPart["problem"] {
  const { model, problem } = studies[study];
  const { maxTokens, ...plain } = { ...PROBLEM, ...OTHERS[`${model} ${task}`] };
  const cut = "cutTo" in plain;
  return { ...plain, ...(!cut && { maxTokens }), ...(problem.shots !== undefined && { shots: problem.shots }) };
}
