import type { AdapterSpec } from "../adapter/adapter";
import type { LoadedModel } from "../engine/load-model";
import type { ModelSession } from "../engine/session";
import { fail } from "../check/check";
import type { Objective } from "../estimator/objective";
import type { Model } from "../model/model";
import { classifierObjective, evaluateClassifier } from "../task/classifier";
import type { LabelledBatch } from "../task/classifier";
import { trainingBatches } from "../task/batches";
import type { TrainingBatches } from "../task/batches";
import { batchesInOrder, encodeExamples, labelledBatch } from "../task/encode";
import type { EncodedExamples } from "../task/encode";
import { labelTokens } from "../task/label-tokens";
import type { LoadedTask, Origin } from "../task/load-task";
import { headReadout, prototypeReadout } from "../task/readout";
import type { Readout } from "../task/readout";
import { readingOf } from "../task/reading";
import { sampleTask } from "../task/sample";
import type { Sample } from "../task/sample";
import { taskMetrics } from "../task/task-metrics";
import type { ClassificationTask, Task } from "../task/task";
import { fingerprintData } from "../train/fingerprint";
import { cutNotice, limitsOf, samplingOf } from "./problem-options";
import type { ProblemOptions } from "./problem-options";

export type { ProblemOptions, Size } from "./problem-options";

/**
 * A model and the texts to tune it on: everything about a run but the method and the adapter. How a task is read (label words at a
 * mask or after the prompt, prototypes, options) is hidden behind `objective` and `evaluate`.
 */
export interface Trainable<Batch> {
  readonly loaded: LoadedModel;
  readonly task: Task;
  readonly origin: Origin;
  readonly options: ProblemOptions;
  /** The model to open sessions of: the loaded one, or one that gives what the objective scores. */
  readonly sessionModel: Model;
  /** The loss of an even guess: over classes, over an example's options, or over all tokens. */
  readonly chanceLoss: number;
  readonly sample: Sample;
  /** Fingerprint of what is scored, train and dev, in order. */
  readonly dataHash: string;
  readonly notices: readonly string[];
  /** Training batches of this size (default: the problem's): steps of an epoch, and the batch of a step from 0. */
  readonly batches: TrainingBatches<Batch>;
  /** The training loss, on a session of `sessionModel`. */
  objective(session: ModelSession): Objective<Batch>;
  /**
   * Scores a point on dev, for every choice that is made, or on test, for the very end, once.
   * @param adapter what the point belongs to: answers are written by an engine of their own
   */
  evaluate(session: ModelSession, point: Float32Array, part: "dev" | "test", adapter: AdapterSpec): Promise<Scores>;
}

/** What an evaluation found. */
export interface Scores {
  /** Mean loss of an example, in nats. */
  readonly loss: number;
  /** Share of right answers; NaN where that is not measured (texts to write, on dev). */
  readonly accuracy: number;
  readonly count: number;
  readonly forwardPasses: number;
  /** Further metrics of the task, by name. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** A problem of choosing among the same classes for every text, with a frozen readout of the model's features. */
export interface Problem extends Trainable<LabelledBatch> {
  readonly task: ClassificationTask;
  readonly readout: Readout;
  /** The task's metrics of predicted classes, one for each text of a part in order. */
  metricsOf(part: "dev" | "test", predictions: readonly number[]): Scores["metrics"];
  /** Training texts in order, for what needs all of them at once. */
  readonly train: readonly LabelledBatch[];
  readonly dev: readonly LabelledBatch[];
  /** For the very end, once. */
  readonly test: readonly LabelledBatch[];
}

/** Texts of one evaluation pass; larger than training batches, since no direction shares it. */
const EVALUATION_BATCH = 32;

/**
 * Samples a task for a model and fixes the readout: label words for a language model, class prototypes for an encoder.
 * @param openFrozen opens the model without an adapter, to compute prototypes; it is closed again
 * @throws when the task and the model do not fit, or too few texts pass the length limit
 * @example (await makeProblem(minilm, trec, options, open)).chanceLoss.toFixed(3) // "1.792", log 6
 */
export async function makeProblem(
  loaded: LoadedModel,
  from: LoadedTask,
  options: ProblemOptions,
  openFrozen: (loaded: LoadedModel) => Promise<ModelSession>,
): Promise<Problem> {
  const { task } = from;
  const { model, tokenizer } = loaded;
  const { shots = 8 } = options;
  const { head } = model;
  if (task.kind !== "classification") return fail(`task ${task.name}`, "a task with classes", task.kind);
  const reading = readingOf(task, model);
  const sample = sampleTask(from, {
    ...samplingOf(task, reading, tokenizer, options),
    ...(head === null ? { prototypes: { kind: "per class", count: shots } } : {}),
  });
  const encode = (part: keyof Sample["parts"]): EncodedExamples =>
    encodeExamples(task, reading, sample.parts[part], tokenizer, limitsOf(model, options));
  const [train, dev, test] = [encode("train"), encode("dev"), encode("test")];
  const readout =
    head === null
      ? await prototypes(await openFrozen(loaded), encode("prototypes"), task.labels.length)
      : headReadout(head, labelTokens(task, reading, tokenizer));
  const parts = {
    dev: batchesInOrder(dev, EVALUATION_BATCH),
    test: batchesInOrder(test, EVALUATION_BATCH),
  };
  const metricsOf = (part: "dev" | "test", predictions: readonly number[]): Scores["metrics"] =>
    taskMetrics(task, sample.parts[part], { kind: "classes", predictions });
  return {
    loaded,
    task,
    origin: from.origin,
    options,
    sessionModel: model,
    readout,
    chanceLoss: Math.log(task.labels.length),
    sample,
    dataHash: fingerprintData({
      ...{ train, dev, rows: [...readout.rows], scale: readout.scale },
      ...(readout.bias ? { bias: [...readout.bias] } : {}),
    }),
    notices: [
      ...from.notices,
      ...sample.notices,
      ...Object.entries({ train, dev, test }).flatMap(([name, { cut, ids }]) => cutNotice(name, cut, ids.length)),
    ],
    batches: trainingBatches(train.ids.length, options, (indices) => labelledBatch(train, indices)),
    objective: (session) => classifierObjective(session, readout),
    async evaluate(session, point, part) {
      const found = await evaluateClassifier(session, readout, point, parts[part]);
      const { loss, accuracy, count, predictions } = found;
      return { loss, accuracy, count, forwardPasses: parts[part].length, metrics: metricsOf(part, predictions) };
    },
    metricsOf,
    train: batchesInOrder(train, EVALUATION_BATCH),
    ...parts,
  };
}

async function prototypes(session: ModelSession, encoded: EncodedExamples, classes: number): Promise<Readout> {
  try {
    const all = Array.from({ length: encoded.ids.length }, (_, i) => i);
    const { input, labels } = labelledBatch(encoded, all);
    return prototypeReadout(await session.features([new Float32Array(0)], input), labels, classes);
  } finally {
    await session.dispose();
  }
}
