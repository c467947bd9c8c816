import type { Origin } from "../../src/table/origin";
import type { RunRecord } from "../../src/table/record";
import type { EvaluationNumbers, StepNumbers } from "../../src/train/run-history";

/** Invented runs for tests of figures and tables; never shown to anyone as measured. */
export interface SyntheticOptions {
  readonly arm: string;
  readonly seed: number;
  readonly learningRate?: number;
  readonly queries?: (step: number) => number;
  readonly steps?: number;
  /** The step at which the loss jumps to chance; none when absent. */
  readonly divergesAt?: number;
  readonly start?: number;
  readonly best?: number;
}

export const chance = Math.log(6);

/** A run that falls from `start` towards `best`, wobbling by a fixed function of its seed, and may jump to chance. */
export function syntheticRun(options: SyntheticOptions): RunRecord {
  const {
    arm,
    seed,
    learningRate = 3e-3,
    queries = () => 1,
    steps: planned = 240,
    divergesAt,
    start = 1.1,
    best = 0.85,
  } = options;
  const last = Math.min(planned, divergesAt ?? planned);
  const wobble = (step: number): number => 0.02 * Math.sin(step / 9 + seed) + 0.015 * Math.cos(step / 5 + 3 * seed);
  const grown = (step: number): number => (divergesAt === undefined ? 0 : Math.exp((step - divergesAt) / 25));
  const steps: StepNumbers[] = [];
  const evaluations: EvaluationNumbers[] = [{ step: 0, forwardPasses: 0, loss: start, accuracy: 0.6 }];
  let forwardPasses = 0;
  for (let step = 1; step <= last; step++) {
    const count = queries(step);
    forwardPasses += 2 * count;
    const falling = best + (start - best) * Math.exp((-2.5 * step) / planned) + wobble(step) * (step > 10 ? 1 : 0);
    const loss = falling + Math.min(1, 1.1 * grown(step)) * (chance - best);
    steps.push({
      step,
      forwardPasses,
      queries: count,
      loss: loss + 0.1 * Math.sin(7 * step + seed),
      rmsProjectedGradient: (0.9 + 12 * grown(step)) * (1 + 0.5 * Math.abs(Math.sin(13 * step + seed))),
      weightNorm: (arm.includes("LoRA") ? 5.6 : 99) + 60 * grown(step) + 0.01 * step,
    });
    if (step % 20 === 0 || step === last) {
      const accuracy = Math.max(0.15, 0.6 + (start - loss) * 0.4);
      evaluations.push({ step, forwardPasses, loss, accuracy });
    }
  }
  const diverged = divergesAt === undefined ? null : { step: last };
  return { arm, seed, learningRate, steps, evaluations, diverged, chanceLoss: chance };
}

/** Q(e) = min(max(floor(0.85 e^0.8), 1), 8) over epochs of 16 steps. */
export function growing(step: number): number {
  const epoch = Math.ceil(step / 16);
  return Math.min(Math.max(Math.floor(0.85 * epoch ** 0.8), 1), 8);
}

/** The arms of the divergence notebook, each with `seeds` seeds. */
export function divergenceRuns(seeds: number): readonly RunRecord[] {
  return Array.from({ length: seeds }, (_, seed) => [
    syntheticRun({
      arm: "MeZO-LoRA",
      seed,
      divergesAt: 180 + 14 * seed,
      start: 0.99 + 0.04 * seed,
      best: 0.83 + 0.02 * seed,
      steps: 912,
    }),
    syntheticRun({ arm: "AdaZeta", seed, queries: growing, start: 1.07 + 0.03 * seed, best: 0.8 + 0.03 * seed }),
    syntheticRun({
      arm: "LoRA + schedule",
      seed,
      queries: growing,
      start: 0.99 + 0.04 * seed,
      best: 0.8 + 0.01 * seed,
    }),
    syntheticRun({
      arm: "TT, one query",
      seed,
      start: 1.07 + 0.03 * seed,
      divergesAt: 480 + 60 * seed,
      best: 0.75 + 0.04 * seed,
      steps: 912,
    }),
    syntheticRun({
      arm: "MeZO-LoRA",
      learningRate: 1e-3,
      seed,
      steps: 912,
      start: 0.99 + 0.04 * seed,
      best: 0.73 + 0.04 * seed,
    }),
  ]).flat();
}

export const origin: Origin = {
  kind: "measured",
  date: "2026-01-31",
  model: "synthetic curves",
  data: "no data (drawn by a formula for this test)",
  seeds: [0, 1, 2, 3, 4],
  commit: "0000000",
};
