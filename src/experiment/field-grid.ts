import type { ArmId } from "./arms";
import type { Grid, Part } from "./cells";
import { studies, studySettings } from "./divergence";
import type { StudyName } from "./divergence";
import { gridArm } from "./grid-arm";
import type { GridPart } from "./grid-arm";
import { OWN_RATES as METHODS_RATES } from "./methods-grid";
import { budgetOf, isStill } from "./plan";
import type { PlannedRun, StudyArm } from "./plan";
import { stepsPerEpoch } from "../schedule/forward-passes";

/** The experiment that finds decades: its runs are short, and no measure of a rate. */
export const SEARCH = "field-rates";

/** Forward passes of a run: 240 steps of MeZO. */
const PASSES = 480;
/** Times that a run looks at dev, at equal forward passes for all. */
const LOOKS = 12;
const PILOT = { passes: 120, looks: 3, seed: 9 } as const;

/**
 * The learning rate that each method's five are around: the best in `fieldRatesGrid`, on a draw of the data that no other run has.
 */
const GUESSES = {
  "mezo-lora": 1e-3,
  "lora-schedule-passes": 1e-3,
  "adazeta-passes": 1e-3,
  "rate-decay": 1e-3,
  "zo-momentum": 1e-3,
  "zo-sign": 1e-2,
  "zo-adam": 1e-2,
  conservative: 1e-2,
  "forward-gradient": 1e-3,
  "zo-blockwise": 1e-2,
  "zo-sparse": 1e-2,
  "sparse-mezo": 1e-2,
  hizoo: 1e-3,
  lozo: 1e-3,
  "lozo-m": 1e-3,
  subzero: 1e-3,
  fzoo: 1e-2,
  "zo-adamu": 1e-3,
  quzo: 1e-3,
  tezo: 1e-4,
  "tezo-m": 1e-3,
  "tezo-adam": 1e-2,
  "zo-muon": 1e-1,
  "mezo-gv": 1e-3,
  "mezo-greedy": 1e-3,
  "mezo-svrg": 1e-1,
  dizo: 1e-3,
  adamezo: 1e-2,
  extrapolated: 1e-2,
  "zo-align": 100,
  es: 1e-1,
  eggroll: 1e-2,
  "lozo-schedule": 1e-3,
  "subzero-schedule": 1e-3,
  "hizoo-schedule": 1e-3,
  "zo-momentum-schedule": 1e-3,
  "zo-adam-schedule": 1e-2,
  "fzoo-schedule": 1e-2,
} as const satisfies Partial<Readonly<Record<ArmId, number>>>;
/** The same for those that train all weights but the embeddings. */
const WHOLE_GUESSES = {
  "mezo-full-all-weights": 1e-4,
  "lozo-all-weights": 1e-4,
  "subzero-all-weights": 1e-4,
  "tezo-all-weights": 1e-5,
  "eggroll-all-weights": 1e-3,
  "zo-muon-all-weights": 1e-2,
} as const satisfies Partial<Readonly<Record<ArmId, number>>>;
type FieldArm = keyof typeof GUESSES | keyof typeof WHOLE_GUESSES;

/**
 * Finds the decade of each method's learning rate: short runs on MiniLM and TREC, on a draw of the data of their own.
 * @example cellsOf(fieldRatesGrid()).length // 176: 38 arms on LoRA and 6 on all weights, 4 decades, one seed
 */
export function fieldRatesGrid(): Grid<PlannedRun> {
  const part = (ids: readonly FieldArm[], decades: readonly number[]): Part<PlannedRun> => ({
    ...partOf("minilm-trec", PILOT, ids, (id) => OWN_DECADES[id] ?? decades),
    seeds: [PILOT.seed],
    learningRates: decades,
  });
  const onLora = part(idsOf(GUESSES), [1e-3, 1e-2, 1e-4, 1e-1]);
  const onAll = part(idsOf(WHOLE_GUESSES), [1e-4, 1e-3, 1e-5, 1e-2]);
  return { name: SEARCH, stages: [[onLora], [onAll]] };
}

/** Methods whose steps are of another length at the same rate: over the length of the directions, or without a projected gradient in them. */
const OWN_DECADES: Partial<Readonly<Record<FieldArm, readonly number[]>>> = {
  "mezo-svrg": [1e-2, 1e-1, 1e-3, 1],
  es: [1e-2, 1e-1, 1e-3, 1],
  "zo-align": [10, 100, 1, 1000],
};

/**
 * Compares the zeroth-order methods at equal forward passes, each with as many trials, in half decades around its own guess: all of them on LoRA,
 * then six on all weights of MiniLM, then eight on SmolLM2.
 * @example cellsOf(fieldGrid()).length // 1076: 38 arms, 5 rates, 5 seeds; 6 arms and 8 arms, 3 rates, 3 seeds
 */
export function fieldGrid(): Grid<PlannedRun> {
  const part = (
    study: StudyName,
    ids: readonly FieldArm[],
    seeds: readonly number[],
    factors: readonly number[],
    rates: Partial<Readonly<Record<FieldArm, readonly number[]>>> = {},
  ): Part<PlannedRun> => {
    const guesses = { ...GUESSES, ...WHOLE_GUESSES };
    const ratesOf = (id: FieldArm) => rates[id] ?? factors.map((factor) => inHalfDecades(guesses[id] * factor));
    return { ...partOf(study, { passes: PASSES, looks: LOOKS }, ids, ratesOf), seeds, learningRates: factors };
  };
  const onLora = part("minilm-trec", idsOf(GUESSES), [0, 1, 2, 3, 4], [1, HALF, 1 / HALF, HALF ** 2, HALF ** -2]);
  const onAll = part("minilm-trec", idsOf(WHOLE_GUESSES), [0, 1, 2], [1, HALF, 1 / HALF]);
  const onSmolLm2 = part("smollm2-sst2", ON_SMOLLM2, [0, 1, 2], [HALF, 1, HALF ** 2], METHODS_RATES);
  return { name: "field", stages: [[onLora], [onAll], [onSmolLm2]] };
}

/** The four that are asked about on the language model too, and the four of lowest loss among the others in the first two seeds on MiniLM. */
const ON_SMOLLM2 = [
  "mezo-lora",
  "adazeta-passes",
  "lozo",
  "subzero",
  "fzoo",
  "sparse-mezo",
  "rate-decay",
  "subzero-schedule",
] as const satisfies readonly FieldArm[];

/** Arms whose runs on these problems are the studies' own, or the first comparison's, which are recorded as those: their records count here. */
const OF_STUDY = ["mezo-lora", "lozo", "lozo-m", "subzero"] as const satisfies readonly ArmId[];

/** Half a decade. */
const HALF = Math.sqrt(10);

/** Gives the nearest of ..., 1e-3, 3e-3, 1e-2, ... to a rate, by their logarithms. @example inHalfDecades(0.00316) // 0.003 */
export function inHalfDecades(rate: number): number {
  const halves = Math.round(2 * Math.log10(rate));
  return Number(`${halves % 2 === 0 ? 1 : 3}e${Math.floor(halves / 2)}`);
}

function partOf(
  name: StudyName,
  { passes, looks }: { readonly passes: number; readonly looks: number },
  ids: readonly FieldArm[],
  ratesOf: (id: FieldArm) => readonly number[],
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
    study: { name, arms: OF_STUDY },
  };
  return { task, arms: ids.map((id) => gridArm(part, { id, learningRates: ratesOf(id) })) };
}

const idsOf = (guesses: Partial<Readonly<Record<FieldArm, number>>>) => Object.keys(guesses) as readonly FieldArm[];
