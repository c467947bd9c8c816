import { fail, sameLength } from "../check/check";
import { rowsAt } from "../engine/rows";
import type { EmbeddingOffset, Features, ForwardResults, ModelSession, TokenBatch } from "../engine/session";
import type { GradientPart, Objective } from "../estimator/objective";
import { dividedBatch } from "./divided-batch";
import { noGradient } from "./no-gradient";
import type { BatchMetricName } from "./batch-metrics";
import { metricObjective } from "./metric-objective";
import { crossEntropy, crossEntropyDerivatives, crossEntropyGradient, predictions } from "./loss";
import { accuracy } from "./metrics";
import {
  addHeadGradientInPlace,
  addHeadTensorGradientInPlace,
  headTangents,
  headTensors,
  labelLoss,
  readoutAt,
  scores,
  scoreTangents,
} from "./readout";
import type { Readout } from "./readout";

/** Token ids of B texts and their classes [B]. */
export interface LabelledBatch {
  readonly input: TokenBatch;
  readonly labels: readonly number[];
}

/** What a classifier does on a set of examples. */
export interface Evaluation {
  /** Mean cross-entropy over all examples, in nats. */
  readonly loss: number;
  readonly accuracy: number;
  readonly count: number;
  /** The loss of each example in the batches' order. */
  readonly perExample: readonly number[];
  /** One class per example in the batches' order; -1 where a score was NaN. */
  readonly predictions: readonly number[];
}

/**
 * Gives the loss of a classifier as a function of the adapter's parameters: L(theta) = mean_b crossEntropy(readout(features(theta, b)), label_b).
 * NaN and infinite losses are passed through.
 * @throws when the readout's width is not the session's, or a batch is empty
 */
export function classifierObjective(session: ModelSession, readout: Readout): Objective<LabelledBatch> {
  checkWidth(session, readout);
  const lossesAt = async (points: readonly Float32Array[], batch: LabelledBatch) =>
    (await scoresAt(session, readout, points, batch)).map((at) => crossEntropy(at, readout.classes, batch.labels));
  return {
    losses: async (points, batch) => (await lossesAt(points, batch)).map(({ mean }) => mean),
    each: async (points, batch) => (await lossesAt(points, batch)).map(({ perExample }) => [...perExample]),
    async derivatives(point, directions, batch) {
      const { primal, tangents } = await session.tangents(point, directions, checked(batch));
      expectShape(primal, 1, batch);
      expectShape(tangents, directions.length, batch);
      const now = await readoutNow(session, readout);
      const here = readoutAt(now, session.layout, point);
      const at = scores(here, primal);
      const along = scoreTangents(here, tangents);
      headTangents(now, session.layout, primal, directions, point)?.forEach((value, i) => (along[i] += value));
      return {
        loss: crossEntropy(at, readout.classes, batch.labels).mean,
        derivatives: crossEntropyDerivatives(at, along, readout.classes, batch.labels),
      };
    },
    split: dividedBatch,
    ...(session.base && { base: session.base }),
    ...noGradient(session),
    ...(session.gradient && session.layout.factors === undefined && byGradient(session, session.gradient, readout)),
    ...(session.gradientBlocks &&
      session.layout.factors === undefined && { gradientBlocks: blocksOf(session, session.gradientBlocks, readout) }),
  };
}

/**
 * Gives a metric of a classifier's answers as an objective: minus the metric of the batch, a number without derivatives.
 * For example `classifierMetric(session, readout, "accuracy").losses([point], batch)`: [-0.75].
 * @throws when the readout's width is not the session's, or a derivative is asked for
 */
export function classifierMetric(
  session: ModelSession,
  readout: Readout,
  metric: BatchMetricName,
): Objective<LabelledBatch> {
  checkWidth(session, readout);
  const { classes } = readout;
  return metricObjective(
    metric,
    async (points, batch) =>
      (await scoresAt(session, readout, points, batch)).map((at) => ({
        predictions: predictions(at, classes),
        right: batch.labels.map((label) => [label]),
        classes,
      })),
    session.base,
  );
}

/** The scores [B, C] at each point. */
async function scoresAt(
  session: ModelSession,
  readout: Readout,
  points: readonly Float32Array[],
  batch: LabelledBatch,
): Promise<readonly Float64Array[]> {
  const features = await session.features(points, checked(batch));
  expectShape(features, points.length, batch);
  const now = await readoutNow(session, readout);
  return points.map((point, p) => scores(readoutAt(now, session.layout, point), featuresOf(features, p)));
}

/** The loss and its gradient, at the inputs as they are and at moved ones: by the model in one call of its engine, by the head's own rows in float64 here. */
function byGradient(
  session: ModelSession,
  gradientBy: NonNullable<ModelSession["gradient"]>,
  readout: Readout,
): Pick<Objective<LabelledBatch>, "gradient" | "inputs"> {
  const { layout, embeddingWidth } = session;
  const ask = async (point: Float32Array, batch: LabelledBatch, offset?: EmbeddingOffset) => {
    const here = readoutAt(readout, layout, point);
    const found = await gradientBy.call(session, point, checked(batch), labelLoss(here, batch.labels), offset);
    const loss = meanOf(found, batch);
    const { features, gradient, offsetGradient } = found;
    if (offset?.by === "offset") return { loss, gradient: offsetGradient ?? fail("gradient", "one by the offset", "none") }; // prettier-ignore
    if (headTensors(readout, layout).length > 0)
      addHeadGradientInPlace(gradient, readout, layout, features, scoreGradient(here, features, batch));
    return { loss, gradient };
  };
  return {
    gradient: (point, batch) => ask(point, batch),
    ...(embeddingWidth !== undefined && {
      inputs: {
        sizes: ({ input }) => input.ids.map(({ length }) => length * embeddingWidth),
        gradient: (point, batch, rows, by) => ask(point, batch, { rows, by }),
      },
    }),
  };
}

/** The same block by block: what a tensor of the head has by the readout is added to what it has by the model. */
function blocksOf(
  session: ModelSession,
  blocks: NonNullable<ModelSession["gradientBlocks"]>,
  readout: Readout,
): NonNullable<Objective<LabelledBatch>["gradientBlocks"]> {
  return async (point, batch, take) => {
    const here = readoutAt(readout, session.layout, point);
    const left = new Map(headTensors(readout, session.layout).map((entry) => [entry.name, entry]));
    const withHead = ({ tensor, gradient }: GradientPart, { features }: ForwardResults): GradientPart => {
      if (left.delete(tensor))
        addHeadTensorGradientInPlace(gradient, tensor, readout, features, scoreGradient(here, features, batch));
      return { tensor, gradient };
    };
    const loss = labelLoss(here, batch.labels);
    const forward = await blocks.call(session, point, checked(batch), loss, ({ name, parts }, results) =>
      take({ name, parts: parts.map((part) => withHead(part, results)) }),
    );
    // What the model itself does not read.
    for (const { name, size } of [...left.values()])
      await take({ name: "head", parts: [withHead({ tensor: name, gradient: new Float32Array(size) }, forward)] });
    return { loss: meanOf(forward, batch) };
  };
}

/** The loss's derivative by the scores [B, C]. */
function scoreGradient(readout: Readout, features: Features, { labels }: LabelledBatch): Float64Array {
  return crossEntropyGradient(scores(readout, features), readout.classes, labels);
}

/** The mean of the losses that the engine has computed. */
function meanOf({ features, losses }: ForwardResults, batch: LabelledBatch): number {
  expectShape(features, 1, batch);
  if (losses === undefined) return fail("gradient", "an engine that computes losses of rows", "none");
  return losses.reduce((sum, value) => sum + value, 0) / losses.length;
}

/**
 * Measures loss and accuracy over all batches at one point; examples count equally, whatever batch they are in.
 * @throws when there is no batch
 */
export async function evaluateClassifier(
  session: ModelSession,
  readout: Readout,
  point: Float32Array,
  batches: readonly LabelledBatch[],
): Promise<Evaluation> {
  checkWidth(session, readout);
  if (batches.length === 0) fail("batches", "at least one", "none");
  const now = await readoutNow(session, readout);
  return evaluateReadout(readoutAt(now, session.layout, point), await readAll(session, batches, point));
}

/** Gives the readout with the head's rows as the engine holds them, where it folds changes into them. */
async function readoutNow({ base }: ModelSession, readout: Readout): Promise<Readout> {
  const { head } = readout;
  const rows = head && (await base?.rows(head.weight, head.tokens));
  return rows ? { ...readout, rows } : readout;
}

/** Gives the features of all batches at one point; default: the frozen model's. */
export async function readAll(
  session: ModelSession,
  batches: readonly LabelledBatch[],
  point: Float32Array = new Float32Array(0),
): Promise<readonly ReadBatch[]> {
  const read: ReadBatch[] = [];
  for (const batch of batches) {
    const features = await session.features([point], checked(batch));
    expectShape(features, 1, batch);
    read.push({ features, labels: batch.labels });
  }
  return read;
}

/** What a readout reads of a batch, and the classes. */
export interface ReadBatch {
  /** [1, B, H] */
  readonly features: Features;
  readonly labels: readonly number[];
}

/** Measures loss and accuracy of a readout on features; examples count equally, whatever batch they are in. */
export function evaluateReadout(readout: Readout, batches: readonly ReadBatch[]): Evaluation {
  let total = 0;
  const losses: number[] = [];
  const predicted: number[] = [];
  for (const { features, labels } of batches) {
    const at = scores(readout, features);
    const { perExample } = crossEntropy(at, readout.classes, labels);
    total += perExample.reduce((a, b) => a + b, 0);
    losses.push(...perExample);
    predicted.push(...predictions(at, readout.classes));
  }
  const labels = batches.flatMap((batch) => batch.labels);
  const count = labels.length;
  const found = { loss: total / count, accuracy: accuracy(predicted, labels), count };
  return { ...found, perExample: losses, predictions: predicted };
}

/** The features of one of several points. */
function featuresOf(features: Features, point: number): Features {
  return { ...features, points: 1, data: rowsAt(features, point) };
}

function checked(batch: LabelledBatch): TokenBatch {
  sameLength("batch.labels", batch.labels.length, batch.input.ids.length);
  return batch.input;
}

function checkWidth(session: ModelSession, readout: Readout): void {
  if (readout.width !== session.width) fail("readout.width", `${session.width}, the session's`, readout.width);
}

function expectShape(features: Features, points: number, batch: LabelledBatch): void {
  if (features.points !== points || features.texts !== batch.labels.length)
    fail("features", `${points} points x ${batch.labels.length} texts`, `${features.points} x ${features.texts}`);
}
