import { adazeta } from "../../src/optimizer/recipes";
import type { TrainOptions } from "../../src/train/train";
import { logisticRun, settingsOf, type Examples } from "./analytic-runs";

/** AdaZeta on the logistic regression for 60 steps with a pause before each batch: the same run in this process and in another. */
export function killableRun(delayMs: number): TrainOptions<Examples> {
  const method = adazeta({ exponent: 0.8, cap: 4, learningRate: 0.03, weightDecay: 0.01 });
  const settings = settingsOf({ method, stepsPerEpoch: 5, budget: { kind: "steps", steps: 60 }, evaluateEvery: 10 });
  const run = logisticRun({ settings });
  return {
    ...run,
    batchAt: async (step: number) => {
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      return run.batchAt(step);
    },
  };
}
