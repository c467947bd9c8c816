import { fail } from "../check/check";
import { lowBitsName } from "../model/low-bits";
import { armOf } from "./arms";
import type { ArmId } from "./arms";
import type { Arm, Grid } from "./cells";
import { studies, studySettings } from "./divergence";
import type { PlannedRun, StudyArm } from "./plan";

const SEEDS = [0, 1, 2] as const;
/** Bits of weights, the most telling first; activations have 8. */
const WEIGHTS = [4, 2, 3, 8] as const;
const TEST = 200;

/** The ways without data, and the ceiling; what a step comes to, beside a student's own step. */
const WAYS = {
  "quantized-rounded": 0,
  "quantized-random": 1,
  "quantized-generated": 2,
  "quantized-zsaq": 3,
  "quantized-real": 1,
} as const satisfies Partial<Readonly<Record<ArmId, number>>>;
const BESIDE = ["quantized-quzo", "quantized-directional"] as const;

/** What one step of the cheapest way costs, and a run's looks at test and along directions, in the same unit. */
const LOOKS = 20;

/**
 * Brings MiniLM, tuned on TREC, to 8, 4, 3 and 2 bits of weights with 8 of activations in five ways; of W4A8 also by two zeroth-order ways on the task's
 * own texts.
 * @example cellsOf(quantizedGrid()).length // 66: three seeds of five ways at four numbers of bits, and two ways at one
 */
export function quantizedGrid(): Grid<PlannedRun> {
  const { model, task, problem } = studies["minilm-trec"];
  const planned = { model, task, problem: { ...problem, test: TEST }, threads: 1, evaluateEvery: 1 };
  const arm = (id: ArmId, weights: number): StudyArm => {
    const made = armOf(id, studySettings("minilm-trec", 1));
    return "kind" in made && made.kind === "quantized"
      ? { ...made, weights }
      : fail(`arm ${id}`, "a quantized one", id);
  };
  const line = (id: ArmId, weights: number, cost: number): Arm<PlannedRun> => ({
    name: id,
    cost,
    settings: (seed) => ({ ...planned, arm: arm(id, weights), seed }),
  });
  const parts = WEIGHTS.map((weights) => ({
    task: `${task} ${lowBitsName({ weights, activations: 8 })}`,
    seeds: SEEDS,
    learningRates: [0],
    arms: [
      ...(Object.keys(WAYS) as (keyof typeof WAYS)[]).map((id) => line(id, weights, LOOKS + 80 * WAYS[id])),
      ...(weights === 4 ? BESIDE.map((id) => line(id, weights, LOOKS + 40)) : []),
    ],
  }));
  return { name: "zero-shot-quantization", stages: [parts] };
}
