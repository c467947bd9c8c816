import type { AdapterSpec } from "../adapter/adapter";
import type { LoadedModel } from "../engine/load-model";
import type { ModelSession } from "../engine/session";
import { fail } from "../check/check";
import type { Objective } from "../estimator/objective";
import type { Model } from "../model/model";
import { classChance } from "../task/chance";
import type { Chance } from "../task/chance";
import { batchMetric, checkBatchMetric } from "../task/batch-metrics";
import type { BatchMetricName } from "../task/batch-metrics";
import { promptTexts } from "../task/prompt-texts";
import type { PromptText } from "../task/prompt-texts";
import { classifierMetric, classifierObjective, evaluateClassifier, readAll } from "../task/classifier";
import type { LabelledBatch } from "../task/classifier";
import { trainingBatches } from "../task/batches";
import type { TrainingBatches } from "../task/batches";
import { batchesInOrder, encodeExamples, labelledBatch } from "../task/encode";
import type { EncodedExamples } from "../task/encode";
import { checkContrast } from "../task/contrast";
import { promptedObjective, promptedReadout } from "../task/prompted";
import type { EncodedCaptions } from "../task/prompted";
import { labelTokens } from "../task/label-tokens";
import type { LoadedTask, Origin } from "../task/loaded-task";
import { fitScale } from "../task/fit-scale";
import { headReadout, leaveOneOutCosines, prototypeReadout, PROTOTYPE_SCALE } from "../task/readout";
import type { Readout } from "../task/readout";
import { readingOf } from "../task/reading";
import { sampleTask } from "../task/sample";
import type { Sample } from "../task/sample";
import { taskMetrics } from "../task/task-metrics";
import type { ClassificationTask, Task } from "../task/task";
import { fingerprintData } from "../train/fingerprint";
import { calibrated } from "./calibrate";
import { fitProbe, joined } from "./linear-probe";
import { SHOTS, cutNotice, limitsOf, samplingOf, takesShots } from "./problem-options";
import type { ProblemOptions } from "./problem-options";

export type { ProblemOptions, Size } from "./problem-options";

/**
 * A model and the texts to tune it on: everything about a run but the method and the adapter. How a task is read (label words at a
 * mask or after the prompt, prototypes, options) is hidden behind `objective` and `evaluate`.
 */
export interface Trainable<Batch> {
  /** What is chosen among: the same classes for every text, read off features (`Problem`), or options that are scored whole (`OptionProblem`). */
  readonly kind: "classes" | "options";
  readonly loaded: LoadedModel;
  readonly task: Task;
  readonly origin: Origin;
  readonly options: ProblemOptions;
  /** The model to open sessions of: the loaded one, or one that gives what the objective scores. */
  readonly sessionModel: Model;
  /** What is reached on dev without looking at a text: the best constant answer's loss and share of right answers. */
  readonly chance: Chance;
  /** What is reached on test without looking at a text: what its share of right answers is compared with. */
  readonly testChance: Chance;
  /** `chance.loss`, in nats. */
  readonly chanceLoss: number;
  readonly sample: Sample;
  /** Fingerprint of what is scored, train and dev, in order. */
  readonly dataHash: string;
  readonly notices: readonly string[];
  /** Training batches of this size (default: the problem's): steps of an epoch, and the batch of a step from 0. */
  readonly batches: TrainingBatches<Batch>;
  /** The training loss, on a session of `sessionModel`. */
  objective(session: ModelSession): Objective<Batch>;
  /** Training for a metric in place of the loss. @throws naming those that there are */
  metric(name: string): MetricTraining<Batch>;
  /** A part's texts to be continued, in order, with room for so many new tokens; absent where nothing is written (encoders, conversations). */
  prompts?(part: "train" | "dev" | "test", newTokens: number): readonly PromptText[];
  /**
   * Scores a point on dev, for every choice that is made, or on test, for the very end, once.
   * @param adapter what the point belongs to: answers are written by an engine of their own
   * @param metric to be among the metrics, of those that may be trained for
   */
  evaluate(
    session: ModelSession,
    point: Float32Array,
    part: "dev" | "test",
    adapter: AdapterSpec,
    metric?: BatchMetricName,
  ): Promise<Scores>;
}

/** A metric as what a run is trained for: its batches hold all that may be chosen. */
export interface MetricTraining<Batch> {
  readonly metric: BatchMetricName;
  readonly batches: TrainingBatches<Batch>;
  objective(session: ModelSession): Objective<Batch>;
}

/** What an evaluation found. */
export interface Scores {
  /** The loss that training minimises, in nats: a choice by it is the reference's. */
  readonly loss: number;
  /** Cross-entropy over the options of a choice, in nats; where training minimises another loss (the right options' tokens). */
  readonly optionLoss?: number;
  /** Share of right answers; NaN where that is not measured (texts to write, on dev). */
  readonly accuracy: number;
  readonly count: number;
  readonly forwardPasses: number;
  /** Further metrics of the task, by name. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Each example's part of the loss: their mean is `loss`. */
  readonly perExample: readonly number[];
}

/** A problem of choosing among the same classes for every text, with a frozen readout of the model's features. */
export interface Problem extends Trainable<LabelledBatch> {
  readonly kind: "classes";
  readonly task: ClassificationTask;
  readonly readout: Readout;
  /** Labelled texts that the readout may be made of, beside the training texts; empty for a language model. */
  readonly shots: readonly LabelledBatch[];
  /** The task's metrics of predicted classes, one for each text of a part in order. */
  metricsOf(part: "dev" | "test", predictions: readonly number[]): Scores["metrics"];
  /** Training texts in order, for what needs all of them at once. */
  readonly train: readonly LabelledBatch[];
  readonly dev: readonly LabelledBatch[];
  /** For the very end, once. */
  readonly test: readonly LabelledBatch[];
}

/** Says whether a problem has the same classes for every text, and a readout of features. */
export function isProblem(problem: Trainable<unknown>): problem is Problem {
  return problem.kind === "classes";
}

/**
 * Gives the problem again, as one with a readout.
 * For example `withReadout(await openProblem(minilm, trec, options)).readout.classes`: 6.
 * @throws when it has none: its options are scored whole
 */
export function withReadout(problem: Trainable<unknown>): Problem {
  if (isProblem(problem)) return problem;
  return fail(`task ${problem.task.name}`, "classes that are read off features", "options that are scored whole");
}

/** Texts of one evaluation pass; larger than training batches, since no direction shares it. */
const EVALUATION_BATCH = 32;

/**
 * Samples a task for a model and fixes the readout: label words for a language model, class prototypes for an encoder, or a linear probe.
 * For example `(await makeProblem(minilm, trec, options, open)).chanceLoss.toFixed(3)`: "1.569", the entropy of the dev questions' kinds.
 * @param openFrozen opens the model without an adapter, to compute the readout; it is closed again
 * @throws when the task and the model do not fit, or too few texts pass the length limit
 */
export async function makeProblem(
  loaded: LoadedModel,
  from: LoadedTask,
  options: ProblemOptions,
  openFrozen: (loaded: LoadedModel) => Promise<ModelSession>,
): Promise<Problem> {
  const { task } = from;
  const { model, tokenizer } = loaded;
  const { shots = SHOTS } = options;
  const { head } = model;
  if (task.kind !== "classification") return fail(`task ${task.name}`, "a task with classes", task.kind);
  const reading = readingOf(task, model);
  const sample = sampleTask(from, {
    ...samplingOf(task, reading, tokenizer, options),
    ...(takesShots(model, options) ? { prototypes: { kind: "per class", count: shots } } : {}),
  });
  const encode = (part: keyof Sample["parts"]): EncodedExamples =>
    encodeExamples(task, reading, sample.parts[part], tokenizer, limitsOf(model, options));
  const [train, dev, test] = [encode("train"), encode("dev"), encode("test")];
  const classes = task.labels.length;
  const shotTexts = encode("prototypes");
  const texts = { train: inBatches(train), dev: inBatches(dev), test: inBatches(test), shots: inBatches(shotTexts) };
  if (options.readout === "calibrated" && head === null)
    fail("readout", `prototypes or probe: ${loaded.name} has no label words to calibrate`, options.readout);
  const captions = encodedCaptions(task, loaded, options);
  const opened = async (make: (session: ModelSession) => Promise<Made>): Promise<Made> =>
    withFrozen(await openFrozen(loaded), make);
  const made =
    captions !== null
      ? await opened(async (session) => ({ readout: await promptedReadout(session, captions, NO_POINT, captionScale(options)), notices: [] })) // prettier-ignore
      : options.readout === "probe"
        ? await opened((session) => probe(session, texts, classes))
        : head === null
          ? await opened((session) => prototypes(session, shotTexts, task.labels, options.prototypeScale))
          : await wordsReadout(headReadout(head, labelTokens(task, reading, tokenizer)), options, texts, opened);
  const { readout } = made;
  const { contrast } = options;
  const moving = (session: ModelSession, point: Float32Array): Promise<Readout> | Readout =>
    contrast === undefined || captions === null ? readout : promptedReadout(session, captions, point, contrast.scale);
  const chance = classChance(sample.counts.dev);
  const encoded = { train, dev, test };
  const batches = trainingBatches(train.ids.length, options, (indices) => labelledBatch(train, indices));
  const metricsOf = (part: "dev" | "test", predictions: readonly number[]): Scores["metrics"] =>
    taskMetrics(task, sample.parts[part], { kind: "classes", predictions });
  return {
    kind: "classes",
    loaded,
    task,
    origin: from.origin,
    options,
    sessionModel: model,
    readout,
    chance,
    testChance: classChance(sample.counts.test),
    chanceLoss: chance.loss,
    sample,
    dataHash: fingerprintData({
      train,
      dev,
      rows: [...readout.rows],
      scale: readout.scale,
      ...(readout.bias ? { bias: [...readout.bias] } : {}),
      ...(contrast === undefined ? {} : { contrast, captions: options.captions }),
    }),
    notices: [
      ...from.notices,
      ...sample.notices,
      ...made.notices,
      ...Object.entries({ train, dev, test }).flatMap(([name, { cut, ids }]) => cutNotice(name, cut, ids.length)),
    ],
    batches,
    objective: (session) =>
      contrast === undefined || captions === null
        ? classifierObjective(session, readout)
        : promptedObjective(session, captions, contrast),
    metric(name) {
      if (contrast !== undefined)
        fail(`metric ${name} of ${task.name}`, "a problem without contrast, whose readout stays", "contrast");
      const metric = checkBatchMetric(task.name, name, classes);
      return { metric, batches, objective: (session) => classifierMetric(session, readout, metric) };
    },
    ...(reading === "causal" && {
      prompts: (part: keyof typeof encoded, newTokens: number) =>
        promptTexts(task, sample.parts[part], tokenizer, limitsOf(model, options), newTokens),
    }),
    async evaluate(session, point, part, _adapter, metric) {
      const found = await evaluateClassifier(session, await moving(session, point), point, texts[part]);
      const { predictions, ...rest } = found;
      const right = encoded[part].labels.map((label) => [label]);
      const more = metric === undefined ? {} : { [metric]: batchMetric(metric, { predictions, right, classes }) };
      return {
        ...rest,
        forwardPasses: texts[part].length + (contrast === undefined ? 0 : 1),
        metrics: { ...metricsOf(part, predictions), ...more },
      };
    },
    metricsOf,
    ...texts,
  };
}

const NO_POINT = new Float32Array(0);

/** The captions of a problem that has them, as token ids; null of another. @throws when captions and classes, or captions and what reads them, do not fit */
function encodedCaptions(
  task: ClassificationTask,
  { model, tokenizer, name }: LoadedModel,
  { captions, readout, contrast, prototypeScale }: ProblemOptions,
): EncodedCaptions | null {
  if (readout !== "captions") {
    if (captions !== undefined || contrast !== undefined)
      fail("readout", '"captions", which captions and contrast belong to', readout);
    return null;
  }
  const { labels } = task;
  if (model.reading !== "pooled")
    fail("readout", `prototypes or label words: ${name} does not pool its texts`, readout);
  if (captions === undefined || captions.length !== labels.length || captions.some((own) => own.length === 0))
    return fail("captions", `at least one sentence for each of ${labels.join(", ")}`, captions ?? "none");
  if (contrast !== undefined) checkContrast("contrast", contrast);
  if (prototypeScale === "fitted")
    fail("prototypeScale", "a number: captions have no labelled texts to fit it on", prototypeScale);
  return captions.map((own) =>
    own.map((text) => {
      const ids = tokenizer.encode(text);
      return ids.length > 0 && ids.length <= model.context
        ? ids
        : fail("captions", `sentences of 1 to ${model.context} tokens`, text);
    }),
  );
}

function captionScale({ contrast, prototypeScale }: ProblemOptions): number | undefined {
  return contrast?.scale ?? (prototypeScale === "fitted" ? undefined : prototypeScale);
}

function inBatches(examples: EncodedExamples): readonly LabelledBatch[] {
  return batchesInOrder(examples, EVALUATION_BATCH);
}

/** A readout, and what is to be said of it. */
interface Made {
  readonly readout: Readout;
  readonly notices: readonly string[];
}

async function withFrozen(session: ModelSession, make: (session: ModelSession) => Promise<Made>): Promise<Made> {
  try {
    return await make(session);
  } finally {
    await session.dispose();
  }
}

async function prototypes(
  session: ModelSession,
  encoded: EncodedExamples,
  names: readonly string[],
  scale: ProblemOptions["prototypeScale"] = PROTOTYPE_SCALE,
): Promise<Made> {
  const classes = names.length;
  const missing = names.find((_, c) => !encoded.labels.includes(c));
  if (missing !== undefined) fail("prototypes", "a text of each class", `none of class ${missing}`);
  const all = Array.from({ length: encoded.ids.length }, (_, i) => i);
  const { input, labels } = labelledBatch(encoded, all);
  const features = await session.features([new Float32Array(0)], input);
  if (scale !== "fitted") return { readout: prototypeReadout(features, labels, classes, scale), notices: [] };
  const cosines = leaveOneOutCosines(features, labels, classes);
  if (cosines !== null)
    return { readout: prototypeReadout(features, labels, classes, fitScale(cosines, labels, classes)), notices: [] };
  const notice = `a class has one prototype text alone, and nothing to fit the temperature on: the scale is ${PROTOTYPE_SCALE}`;
  return { readout: prototypeReadout(features, labels, classes), notices: [notice] };
}

async function probe(
  session: ModelSession,
  { shots, train, dev }: Pick<Problem, "shots" | "train" | "dev">,
  classes: number,
): Promise<Made> {
  const { readout } = fitProbe(await readAll(session, [...shots, ...train]), await readAll(session, dev), classes);
  return { readout, notices: [] };
}

async function wordsReadout(
  words: Readout,
  options: ProblemOptions,
  { train }: Pick<Problem, "train">,
  opened: (make: (session: ModelSession) => Promise<Made>) => Promise<Made>,
): Promise<Made> {
  if (options.readout !== "calibrated") return { readout: words, notices: [] };
  return opened(async (session) => {
    const read = await readAll(session, train);
    const features = joined(read.map((batch) => batch.features));
    return { readout: calibrated(words, features, read.flatMap(({ labels }) => labels)), notices: [] }; // prettier-ignore
  });
}
