import type { ArmId } from "./arms";
import type { Grid, Part } from "./cells";
import { studySettings } from "./divergence";
import { gridArm } from "./grid-arm";
import type { GridPart } from "./grid-arm";
import { PASS_TEXTS } from "./large-batch-rows";
import { isStill, type PlannedRun, type StudyArm } from "./plan";

/** The grid's name. */
export const LARGE_BATCHES = "large-batches";

/** Steps of a run in batches of 16: five epochs of 1024 texts. */
const STEPS = 320;
/** Times that a run looks at dev. */
const LOOKS = 12;
const SEEDS = [0, 1, 2] as const;
const PROBLEM = { batchSize: PASS_TEXTS, train: 1024, dev: 200, test: 200, maxTokens: 12, shots: 8 } as const;

/** Two half decades for each: of AdamW those that trained all weights in small batches; of the others guesses, the larger one first. */
const CHAINS = {
  "large-adamw-16": [3e-4, 1e-4],
  "large-adamw-512": [1e-3, 3e-4],
  "large-lamb-512": [1e-2, 3e-3],
  "large-lamb-random-512": [1e-2, 3e-3],
  "large-lamb-adversary-512": [1e-2, 3e-3],
  "large-lamb-late-512": [1e-2, 3e-3],
} as const satisfies Partial<Readonly<Record<ArmId, readonly number[]>>>;
/**
 * At batch 64; the others' are in proportion. Of single runs on a draw of their own (seed 9): 3e-3 came to 0.334 at batch 64, and at batch 1024 to 0.873
 * in leaps, where 1e-3 came to 0.862.
 */
const WORKER_RATES = { 64: [3e-3], 256: [3e-3], 1024: [3e-3, 1e-3] } as const;
const WORKERS = ["sgd", "own-past", "mean-past", "noise", "extragradient"] as const;
/** Of few steps: at the first hardly anything moves. */
const ZEROTH_RATES = [1e-3, 1e-2] as const;
const ZEROTH = ["large-mezo-16", "large-mezo-256", "large-mezo-1024"] as const satisfies readonly ArmId[];

/**
 * Compares ways through large batches at equal texts: LAMB and moved inputs on TREC, then on SST-2 at the larger rate alone; workers that extrapolate,
 * and MeZO, on TREC.
 * @example cellsOf(largeBatchGrid()).length // 132: 12, 20 and 6 lines on TREC, 6 on SST-2, three seeds each
 */
export function largeBatchGrid(): Grid<PlannedRun> {
  const part = (
    task: "trec" | "sst2",
    rates: Partial<Readonly<Record<ArmId, readonly number[]>>>,
  ): Part<PlannedRun> => {
    const shared: GridPart = {
      ...{ model: "minilm", task, problem: task === "sst2" ? { ...PROBLEM, minWords: 3 } : PROBLEM, threads: 1 },
      settings: (learningRate, train) => ({
        ...studySettings("minilm-trec", learningRate, { steps: STEPS, batchSize: PROBLEM.batchSize, ...(train !== undefined && { train }) }), // prettier-ignore
      }),
      evaluateEvery: (arm) => Math.max(1, Math.ceil(stepsOf(arm) / LOOKS)),
      cost: costOf,
    };
    const arms = Object.entries(rates) as readonly (readonly [ArmId, readonly number[]])[];
    return {
      task,
      seeds: SEEDS,
      learningRates: WORKER_RATES[1024],
      arms: arms.map(([id, learningRates]) => gridArm(shared, { id, learningRates })),
    };
  };
  const workers = Object.fromEntries(
    ([64, 256, 1024] as const).flatMap((batch) =>
      WORKERS.map((kind) => [`large-${kind}-${batch}` satisfies ArmId, WORKER_RATES[batch]] as const),
    ),
  );
  const zeroth = Object.fromEntries(ZEROTH.map((id) => [id, ZEROTH_RATES]));
  const larger = Object.fromEntries(Object.entries(CHAINS).map(([id, [first]]) => [id, [first]]));
  return {
    name: LARGE_BATCHES,
    stages: [[part("trec", { ...CHAINS, ...workers, ...zeroth })], [part("sst2", larger)]],
  };
}

function stepsOf(arm: StudyArm): number {
  return isStill(arm) || arm.budget.kind !== "steps" ? 1 : arm.budget.steps;
}

/** In forward passes of 16 texts: a way back through two layers takes about as long as the way there, one by the inputs twice that. */
function costOf(arm: StudyArm): number {
  if (isStill(arm)) return 1;
  const { probe } = arm.method;
  const passes = (stepsOf(arm) * arm.batchSize) / PASS_TEXTS;
  if (probe?.kind === "two-sided") return 2 * passes;
  const twice = probe?.kind === "extrapolated-gradients" && probe.direction === "extragradient";
  const uphill = probe?.kind === "adversarial" && probe.player === "gradient";
  return passes * (twice ? 4 : uphill ? 5 : 2);
}
