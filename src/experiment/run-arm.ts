import type { Adapter } from "../adapter/adapter";
import type { ModelSession } from "../engine/session";
import { createWorkspace } from "../estimator/workspace";
import { applyRecorded, step } from "../optimizer/step";
import type { Method } from "../optimizer/method";
import { classifierObjective, evaluateClassifier } from "../task/classifier";
import type { LabelledBatch } from "../task/classifier";
import { divergenceMargin } from "../train/diverged";
import { fingerprintLayout } from "../train/fingerprint";
import type { Rule } from "../train/rule";
import type { RunSettings } from "../train/settings";
import type { TrainOptions } from "../train/train";
import type { Arm } from "./arm";
import type { Problem } from "./problem";

/** A method bound to its objective and layout, as the training loop sees it. */
export function ruleFor(method: Method, session: ModelSession, problem: Pick<Problem, "readout">): Rule<LabelledBatch> {
  const { layout } = session;
  const objective = classifierObjective(session, problem.readout);
  const workspace = createWorkspace(layout.size);
  return {
    async step(point, place, batch) {
      const {
        point: next,
        estimate,
        learningRate,
      } = await step(method, objective, point, { ...place, layout, batch, workspace });
      return {
        point: next,
        loss: estimate.loss,
        projectedGradients: estimate.projectedGradients,
        learningRate,
        forwardPasses: estimate.forwardPasses,
        directional: estimate.directionalPasses !== undefined,
      };
    },
    applyRecorded: (point, place, projectedGradients) =>
      applyRecorded(method, point, { ...place, layout, projectedGradients }),
  };
}

export interface ArmRun {
  /** Decides adapter start, directions and (in the problem) texts. */
  readonly seed: number;
  readonly evaluateEvery: number;
  /** Ends the run once its dev loss is this far above the start; null goes on. Default: the margin that defines "diverged". */
  readonly stopMargin?: number | null;
}

/** Everything `train` needs to run an arm on a problem; the caller adds clock, signal and file. */
export function armOptions(
  arm: Arm,
  problem: Problem,
  adapter: Adapter,
  session: ModelSession,
  { seed, evaluateEvery, stopMargin = divergenceMargin }: ArmRun,
): Pick<TrainOptions<LabelledBatch>, "settings" | "identity" | "start" | "rule" | "batchAt" | "evaluate"> {
  const batches = problem.batches(arm.batchSize);
  const settings: RunSettings<Method> = {
    method: arm.method,
    budget: arm.budget,
    stepsPerEpoch: batches.stepsPerEpoch,
    evaluateEvery,
    seed,
    stop: [
      ...(stopMargin === null ? [] : [{ kind: "diverged", margin: stopMargin } as const]),
      { kind: "constant-output", steps: 20 },
    ],
  };
  return {
    settings,
    identity: {
      model: session.id,
      adapter: adapter.spec,
      layout: fingerprintLayout(adapter.layout),
      data: problem.dataHash,
      plan: { batchSize: arm.batchSize, packed: true },
    },
    start: adapter.initial(seed),
    rule: ruleFor(arm.method, session, problem),
    batchAt: (index) => batches.at(index),
    evaluate: async (point) => {
      const { loss, accuracy } = await evaluateClassifier(session, problem.readout, point, problem.dev);
      return { loss, accuracy, forwardPasses: problem.dev.length };
    },
  };
}
