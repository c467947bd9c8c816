import { CONTRAST } from "../task/contrast";
import type { ArmId } from "./arms";
import type { Grid, Part } from "./cells";
import { studySettings } from "./divergence";
import { gridArm } from "./grid-arm";
import type { GridPart } from "./grid-arm";
import { budgetOf } from "./plan";
import type { PlannedRun } from "./plan";

const SEEDS = [0, 1, 2] as const;
/** Shares of the tuned change that are scored when a run has ended. */
const SHARES = [0, 0.25, 0.5, 0.75, 1] as const;
const BATCH = 32;
const EVERY = 24;

type Id = Extract<ArmId, `robust-${string}` | `linear-${"plain" | "dropping" | "accumulation"}` | `r-adapter${string}`>;

/** Two a half decade apart, as many for each arm. */
const RATES: Readonly<Record<Id, readonly number[]>> = {
  "robust-all-weights": [1e-4, 3e-4],
  "linear-plain": [1e-3, 3e-3],
  "linear-dropping": [1e-3, 3e-3],
  "linear-accumulation": [1e-3, 3e-3],
  "r-adapter": [1e-3, 3e-3],
  "r-adapter-contrast": [1e-3, 3e-3],
};

/** Classes said in sentences; ours. */
const SENTIMENT = [
  ["It was terrible.", "A bad film.", "I did not like it at all.", "This is awful."],
  ["It was great.", "A good film.", "I liked it very much.", "This is wonderful."],
] as const;
const INFERENCE = [
  ["The second sentence follows from the first.", "Yes, this is true.", "Both say the same."],
  ["The second sentence does not follow from the first.", "No, this is not true.", "They say different things."],
] as const;

/** What is the same of both pairs: texts that are read by captions, all of them frozen unless a contrast trains. */
const problem = { batchSize: BATCH, dev: 200, readout: "captions", maxTokens: 128 } as const;

/**
 * Compares what stays out of domain: MiniLM on phrases of film reviews (SST-2), scored on whole sentences of two ends of SST-5 and on the project's own
 * reviews; and on RTE, scored on CB. Each run is scored when it has ended at five shares of its change, so one run is a whole curve.
 */
export function robustGrid(): Grid<PlannedRun> {
  const sentiment: Pair = {
    task: "sst2",
    steps: 96,
    ids: Object.keys(RATES) as readonly Id[],
    problem: { ...problem, captions: SENTIMENT, train: 2000, test: 872 },
    // A task's few texts are all for test, but for the two of each class that a sample must have.
    others: [
      { task: "sst5-two", problem: { train: 2, dev: 2, test: 600 } },
      { task: "reviews", problem: { train: 2, dev: 2, test: 600 } },
    ],
  };
  const inference: Pair = {
    task: "rte-pairs",
    steps: 48,
    ids: ["robust-all-weights", "r-adapter"],
    problem: { ...problem, captions: INFERENCE, train: 1000, test: 277 },
    others: [{ task: "cb-two", problem: { train: 2, dev: 2, test: 56 } }],
  };
  return { name: "robust", stages: [[partOf(sentiment)], [partOf(inference)]] };
}

interface Pair {
  readonly task: string;
  readonly steps: number;
  readonly ids: readonly Id[];
  readonly problem: PlannedRun["problem"];
  readonly others: NonNullable<PlannedRun["after"]>["tasks"];
}

function partOf({ task, steps, ids, problem, others }: Pair): Part<PlannedRun> {
  const part: GridPart = {
    ...{ model: "minilm", task, problem, threads: 1, after: { shares: SHARES, tasks: others } },
    settings: (learningRate) => ({ ...studySettings("minilm-trec", learningRate, { steps }), batchSize: BATCH }),
    evaluateEvery: EVERY,
    // Whatever an epoch is, a step takes one pass and its way back: through all weights about as long as ten forward passes,
    // through adapters four.
    cost: (arm) => ("adapter" in arm && arm.adapter.kind === "full" ? 10 : 4) * budgetOf(arm, 1).forwardPasses, // prettier-ignore
  };
  const arms = ids.map((id) =>
    gridArm(id === "r-adapter-contrast" ? { ...part, problem: { ...problem, contrast: CONTRAST } } : part, {
      id,
      learningRates: RATES[id],
    }),
  );
  return { task, seeds: SEEDS, learningRates: RATES["r-adapter"], arms };
}
