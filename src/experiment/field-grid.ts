import type { ArmId } from "./arms";
import type { Grid, Part } from "./cells";
import { studies, studySettings } from "./divergence";
import type { StudyName } from "./divergence";
import { gridArm } from "./grid-arm";
import type { GridPart } from "./grid-arm";
import { budgetOf, isStill } from "./plan";
import type { PlannedRun, StudyArm } from "./plan";
import { stepsPerEpoch } from "../schedule/forward-passes";

const PILOT_PASSES = 120;

/**
 * The learning rate that each method's five are around: the best in `fieldRatesGrid`, on a draw of the data that no other run has.
 */
const GUESSES = {
  "mezo-lora": 1e-3,
  "lora-schedule-passes": 1e-3,
  "adazeta-passes": 1e-3,
  "rate-decay": 1e-3,
  "zo-momentum": 1e-4,
  "zo-sign": 1e-3,
  "zo-adam": 1e-3,
  conservative: 1e-3,
  "forward-gradient": 1e-3,
  "zo-blockwise": 1e-3,
  "zo-sparse": 1e-3,
  "sparse-mezo": 1e-3,
  hizoo: 1e-3,
  lozo: 1e-3,
  "lozo-m": 1e-3,
  subzero: 1e-3,
  fzoo: 1e-3,
  "zo-adamu": 1e-3,
  quzo: 1e-3,
  tezo: 1e-3,
  "tezo-m": 1e-3,
  "tezo-adam": 1e-3,
  "zo-muon": 1e-3,
  "mezo-gv": 1e-3,
  "mezo-greedy": 1e-3,
  "mezo-svrg": 1e-3,
  dizo: 1e-3,
  adamezo: 1e-3,
  extrapolated: 1e-3,
  "zo-align": 1e-3,
  es: 1e-3,
  eggroll: 1e-3,
  "lozo-schedule": 1e-3,
  "subzero-schedule": 1e-3,
  "hizoo-schedule": 1e-3,
  "zo-momentum-schedule": 1e-3,
  "zo-adam-schedule": 1e-3,
  "fzoo-schedule": 1e-3,
} as const satisfies Partial<Readonly<Record<ArmId, number>>>;
/** The same for all of the model's weights. */
const WHOLE_GUESSES = {
  "mezo-full-all-weights": 1e-5,
  "lozo-all-weights": 1e-5,
  "subzero-all-weights": 1e-5,
  "tezo-all-weights": 1e-5,
  "eggroll-all-weights": 1e-5,
  "zo-muon-all-weights": 1e-3,
} as const satisfies Partial<Readonly<Record<ArmId, number>>>;

/**
 * Finds the decade of each method's learning rate: short runs on MiniLM and TREC, on a draw of the data of their own.
 * @example cellsOf(fieldRatesGrid()).length // 264: 44 arms, 6 decades, one seed
 */
export function fieldRatesGrid(): Grid<PlannedRun> {
  const part = (guesses: object, decades: readonly number[]): Part<PlannedRun> => ({
    ...partOf("minilm-trec", PILOT_PASSES, 3, Object.keys(guesses) as ArmId[]),
    seeds: [9],
    learningRates: decades,
  });
  return {
    name: "field-rates",
    stages: [
      [part(GUESSES, [1e-3, 1e-2, 1e-4, 1e-1, 1e-5, 1])],
      [part(WHOLE_GUESSES, [1e-5, 1e-6, 1e-4, 1e-7, 1e-3, 1e-2])],
    ],
  };
}

function partOf(
  name: StudyName,
  passes: number,
  looks: number,
  ids: readonly ArmId[],
  ratesOf?: (id: ArmId) => readonly number[],
): Omit<Part<PlannedRun>, "seeds" | "learningRates"> {
  const { model, task, problem } = studies[name];
  const budget = (arm: StudyArm) => budgetOf(arm, stepsPerEpoch(problem.train, problem.batchSize));
  const part: GridPart = {
    ...{ model, task, problem, threads: 1 },
    settings: (learningRate, train) => ({
      ...studySettings(name, learningRate, { steps: passes / 2, ...(train !== undefined && { train }) }),
      scheduledPasses: passes,
    }),
    evaluateEvery: (arm) => (isStill(arm) ? 1 : Math.max(1, Math.ceil(budget(arm).steps / looks))),
    cost: (arm) => budget(arm).forwardPasses,
  };
  return { task, arms: ids.map((id) => gridArm(part, { id, ...(ratesOf && { learningRates: ratesOf(id) }) })) };
}
