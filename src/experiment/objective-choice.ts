import { fail } from "../check/check";
import type { OnnxGenerator } from "../engine/onnx/generator";
import type { ModelSession } from "../engine/session";
import type { Objective } from "../estimator/objective";
import type { Method } from "../optimizer/method";
import { checkMethodAnswered } from "../optimizer/method";
import type { Layout } from "../tree/layout";
import { trainingBatches } from "../task/batches";
import type { TrainingBatches } from "../task/batches";
import type { BatchMetricName } from "../task/batch-metrics";
import type { ObjectiveSpec } from "../task/objective-spec";
import type { PromptText } from "../task/prompt-texts";
import { isReward, ownReward, rewardSpec, writtenFor } from "../task/reward";
import type { Reward } from "../task/reward";
import { greedyRewards, rewardObjective } from "../task/reward-objective";
import type { PromptBatch } from "../task/reward-objective";
import { isTextMetric, textMetrics } from "../task/text-metrics";
import type { TextMetricName } from "../task/text-metrics";
import type { Trainable } from "./problem";

/** What a run is trained for: its task's loss, a metric by its name, or a reward (`ownReward`). */
export type ObjectiveChoice = "loss" | BatchMetricName | TextMetricName | Reward;

/** Opens what writes answers with a run's adapter. */
export type OpenWriter = () => Promise<Pick<OnnxGenerator, "generateAll">>;

/** What a run needs to be trained for something. */
export interface ChosenObjective<Batch> {
  /** For the record; absent: the loss, as ever. */
  readonly spec?: ObjectiveSpec;
  readonly batches: TrainingBatches<Batch>;
  objective(session: ModelSession, layout: Layout, seed: number, open?: OpenWriter): Objective<Batch>;
  /** A metric that evaluations on dev measure beside the loss. */
  readonly metric?: BatchMetricName;
  /** Its mean on dev, where the model's answers are judged; each point of `texts` texts counts as a forward pass. */
  onDev?(point: Float32Array, open?: OpenWriter): Promise<{ readonly value: number; readonly passes: number }>;
}

/** Texts of one pass of an evaluation. */
const TOGETHER = 32;

/**
 * Gives what a run is trained for on a problem.
 * For example `chosenObjective(problem, "accuracy").spec`: { kind: "metric", metric: "accuracy" }.
 * @throws when the task has no such metric (naming those it has), or nothing is written for a reward to judge
 */
export function chosenObjective<Batch>(
  problem: Trainable<Batch>,
  choice: ObjectiveChoice = "loss",
): ChosenObjective<Batch> {
  if (choice === "loss") return { batches: problem.batches, objective: (session) => problem.objective(session) };
  if (isReward(choice)) {
    const reward = writtenFor(choice, problem.task);
    return rewarded(problem, reward, rewardSpec(reward)) as ChosenObjective<never>;
  }
  if (typeof choice !== "string")
    return fail("objective", '"loss", a metric by its name, or a reward made by ownReward', choice);
  const { task } = problem;
  if (task.kind === "generation" && isTextMetric(choice)) {
    const { stop, newTokens } = task;
    const metric = textMetrics[choice];
    const reward = ownReward({
      name: choice,
      reward: ({ answer, row }) => metric(answer, row["answers"] as readonly string[]),
      stop,
      newTokens,
    });
    return rewarded(problem, reward, { kind: "metric", metric: choice }) as ChosenObjective<never>;
  }
  const { metric, batches, objective } = problem.metric(choice);
  return { spec: { kind: "metric", metric }, metric, batches, objective };
}

function rewarded(problem: Trainable<unknown>, reward: Reward, spec: ObjectiveSpec): ChosenObjective<PromptBatch> {
  const { task, loaded, options } = problem;
  const { newTokens } = reward.writing;
  const prompts = problem.prompts?.bind(problem);
  if (prompts === undefined)
    return fail(
      `objective ${reward.name} on ${task.name}`,
      "prompts that a causal language model continues, which a reward judges",
      task.kind === "chat" ? "conversations" : loaded.model.family,
    );
  const [train, dev] = (["train", "dev"] as const).map((part) => prompts(part, newTokens)) as [Texts, Texts];
  const indices = trainingBatches(train.length, options, (each) => each);
  const opened = (open?: OpenWriter): OpenWriter =>
    open ?? fail(`objective ${reward.name}`, "a writer of answers (`writer`)", "none");
  return {
    spec,
    batches: (size) => {
      const { stepsPerEpoch, at } = indices(size);
      return { stepsPerEpoch, at: (step) => ({ step, texts: at(step).map((i) => train[i]!) }) };
    },
    objective(_session, layout, seed, open) {
      if (layout.factors !== undefined)
        fail("adapter.factors", `none beside the reward ${reward.name}: answers are written with weights that change alone`, layout.factors.rank); // prettier-ignore
      return rewardObjective(opened(open), loaded.tokenizer, reward, seed);
    },
    async onDev(point, open) {
      const found = await greedyRewards(await opened(open)(), loaded.tokenizer, reward, point, dev, TOGETHER);
      return { value: found.reduce((sum, each) => sum + each, 0) / found.length, passes: Math.ceil(dev.length / TOGETHER) }; // prettier-ignore
    },
  };
}

type Texts = readonly PromptText[];

/**
 * Checks that a method can be trained for what was chosen, before anything is opened.
 * @throws when it asks for derivatives, which a metric or a reward has not, or compares texts that a metric has no number of
 */
export function checkObjectiveAnswered(choice: ObjectiveChoice | undefined, method: Method): void {
  if (choice === undefined || choice === "loss") return;
  const without = isReward(choice) ? `the reward ${choice.name}` : `the metric ${choice}`;
  const values: Objective<never> = {
    without,
    losses: () => Promise.resolve([]),
    derivatives: () => Promise.resolve({ loss: NaN, derivatives: [] }),
    ...((isReward(choice) || isTextMetric(choice) || choice === "accuracy") && { each: () => Promise.resolve([]) }),
  };
  checkMethodAnswered(method, values);
}
