import { fail } from "../check/check";
import { stepsPerEpoch } from "../schedule/forward-passes";
import type { ArmId } from "./arms";
import type { Arm, Grid, Part } from "./cells";
import { studies, studySettings } from "./divergence";
import type { StudyName } from "./divergence";
import { inHalfDecades } from "./field-grid";
import { gridArm } from "./grid-arm";
import type { GridPart } from "./grid-arm";
import { budgetOf, isStill } from "./plan";
import type { PlannedRun, StudyArm } from "./plan";

/** Forward passes of a run, and times that it looks at dev. */
const PASSES = 800;
const LOOKS = 16;
/** Steps of the ceiling, whose every step takes a pass forward and one back. */
const EXACT_STEPS = 340;
const HALF = Math.sqrt(10);

/** What reads the features at the start; "own" is what a model has without a word: prototypes of few shots, or its label words. */
export const STARTS = ["own", "probe", "calibrated"] as const;
export type Start = (typeof STARTS)[number];

/** Arms, and the learning rate that each one's three are around; none of an arm without steps. */
type Guesses = Partial<Readonly<Record<ArmId, number | null>>>;
type Starts = Partial<Readonly<Record<Start, Guesses>>>;

/**
 * Rivals of the field begin at the rates that were best there. The others' guesses are half decades of what learned in single runs on a draw of their
 * own (seed 9).
 */
const SEARCHED: Readonly<Record<StudyName, { readonly seeds: readonly number[]; readonly starts: Starts }>> = {
  "minilm-trec": {
    seeds: [0, 1],
    starts: {
      own: {
        "mezo-lora": 3e-3,
        "adazeta-passes": 3e-3,
        "sparse-mezo": 1e-2,
        fzoo: 3e-2,
        "rate-decay": 3e-3,
        "subzero-schedule": 3e-3,
        "first-order-lora": 1e-3,
        "linear-probe": null,
        "xs-one": 3e-2,
        "xs-15": 3e-1,
        "core-15": 3e-1,
        "tt-lora-15": 3e-1,
      },
      probe: {
        "mezo-lora": 3e-3,
        "lora-15": 3e-2,
        "first-order-lora": 1e-3,
        "xs-one": 3e-2,
        "xs-15": 3e-1,
        "core-one": 3e-2,
        "core-15": 3e-1,
        "tt-lora-one": 3e-2,
        "tt-lora-15": 3e-1,
        "xs-31": 3e-1,
        "xs-one-decay": 1e-1,
        "xs-15-decay": 3e-1,
        "xs-15-spread": 1e-1,
        "xs-15-spread-decay": 1e-1,
        "core-15-spread": 1e-1,
        "xs-15-scales": 1e-1,
        "xs-15-row-scales": 1e-1,
        "xs-15-momentum": 3e-2,
      },
    },
  },
  "smollm2-sst2": {
    seeds: [0],
    starts: {
      own: { "mezo-lora": 3e-3, "adazeta-passes": 3e-3, "sparse-mezo": 1e-2, "linear-probe": null },
      calibrated: {
        "xs-one": 1e-2,
        "xs-15": 1e-1,
        "xs-15-spread": 3e-2,
        "core-15": 1e-1,
        // The ceiling's rate was searched after the choice was frozen: it is no candidate, and decides nothing.
        "first-order-lora": 1e-3,
      },
      probe: { "xs-15": 1e-1 },
    },
  },
};

/**
 * Searches for the method that learns most from 800 forward passes, on the dev texts of TREC (MiniLM) and SST-2 (SmolLM2) alone, as many trials for
 * every rival and candidate: three rates in half decades. A part's name says what its runs start from (`trec-probe`).
 * @example cellsOf(searchGrid()).length // 204: 29 trained arms, 3 rates, 2 seeds, and a probe, on MiniLM; 9 arms, 3 rates, one seed, and a probe, on SmolLM2
 */
export function searchGrid(): Grid<PlannedRun> {
  const stage = (name: StudyName): readonly Part<PlannedRun>[] =>
    (Object.entries(SEARCHED[name].starts) as [Start, Guesses][]).map(([start, guesses]) => ({
      task: startedTask(studies[name].task, start),
      seeds: SEARCHED[name].seeds,
      learningRates: FACTORS,
      arms: armsFrom(partFrom(name, start), guesses),
    }));
  return { name: "search", stages: [stage("minilm-trec"), stage("smollm2-sst2")] };
}

const FACTORS = [1, 1 / HALF, HALF] as const;

/** Names a part of a grid after its task and what its runs start from. @example startedTask("trec", "probe") // "trec-probe" */
export function startedTask(task: string, start: Start): string {
  return start === "own" ? task : `${task}-${start}`;
}

/** What the runs of a grid at these passes share on a model, whatever the task. For example `partFrom("minilm-trec", "probe").problem.readout`: "probe". */
export function partFrom(
  name: StudyName,
  start: Start,
  { task, problem }: Pick<GridPart, "task" | "problem"> = studies[name],
): GridPart {
  const { model } = studies[name];
  const train = typeof problem.train === "number" ? problem.train : fail("train", "a number of texts", problem.train);
  const budget = (arm: StudyArm) => budgetOf(arm, stepsPerEpoch(train, problem.batchSize));
  return {
    ...{ model, task, threads: 1 },
    problem: { ...problem, ...(start !== "own" && { readout: start }) },
    settings: (learningRate, texts) => ({
      ...studySettings(name, learningRate, { steps: PASSES / 2, train: texts ?? train }),
      scheduledPasses: PASSES,
      firstOrderSteps: EXACT_STEPS,
    }),
    evaluateEvery: (arm) => (isStill(arm) ? 1 : Math.max(1, Math.ceil(budget(arm).steps / LOOKS))),
    cost: (arm) => Math.max(1, budget(arm).forwardPasses),
  };
}

function armsFrom(part: GridPart, guesses: Guesses): readonly Arm<PlannedRun>[] {
  return (Object.entries(guesses) as [ArmId, number | null][]).map(([id, guess]) =>
    gridArm(part, { id, ...(guess !== null && { learningRates: FACTORS.map((by) => inHalfDecades(by * guess)) }) }),
  );
}
