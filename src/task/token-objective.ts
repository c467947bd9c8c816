import { fail } from "../check/check";
import { rowsAt } from "../engine/rows";
import type { Features, GradientLoss, ModelSession } from "../engine/session";
import type { GradientBlock, Objective } from "../estimator/objective";
import { noGradient } from "./no-gradient";
import type { BatchMetricName } from "./batch-metrics";
import { metricObjective } from "./metric-objective";
import { crossEntropy, crossEntropyGradient, largestAt } from "./loss";
import type { OptionBatch } from "./option-batch";

/**
 * Makes the objective of teacher forcing: the loss of the right options' tokens, each after the ones before it,
 *     L = -1/K sum_k log p(token_k | text before it)   over the K tokens of all right options of the batch
 * so that a long option counts more than a short one. For multiple choice and generation; give each example its right option alone.
 * For example `optionObjective(session).losses([point], optionBatch([{ options: [scoredOption(text)], label: 0 }]))`.
 * @param session of a `tokenScorer` model
 * @throws when the session's features are not scores of tokens
 * Source: princeton-nlp/MeZO@6acfd0b large_models/utils.py, `forward_wrap_with_option_len`: cross-entropy with the mean over all
 *   tokens of the batch that are not masked out; `only_train_option`.
 */
export function optionObjective(session: ModelSession): Objective<OptionBatch> {
  return objectiveOf(
    session,
    (scores, batch) => {
      const right = rightSpans(batch);
      const total = right.reduce((all, span) => all + sum(scores, span), 0);
      return { loss: -total / tokensOf(right), slope: rightShares(batch) };
    },
    rightShares,
  );
}

function rightSpans(batch: OptionBatch): readonly Span[] {
  return optionSpans(batch).map((spans, b) => spans[batch.labels[b]]);
}

function tokensOf(spans: readonly Span[]): number {
  return spans.reduce((count, { from, to }) => count + to - from, 0);
}

/** The loss's derivative by each score: -1/K at the K tokens of right options, 0 elsewhere. */
function rightShares(batch: OptionBatch): Float64Array {
  const slope = new Float64Array(batch.input.targets.reduce((count, { length }) => count + length, 0));
  const right = rightSpans(batch);
  const tokens = tokensOf(right);
  for (const { from, to } of right) slope.fill(-1 / tokens, from, to);
  return slope;
}

/**
 * Makes the objective of classification by options: cross-entropy over each example's options, scored by their length-normalised log-probability,
 *     s_c = 1/n_c sum_k log p(token_k of option c | text before it),  L = mean_b (log sum_c exp(s_bc) - s_b,right)
 * For label words of several tokens. Where all are single tokens after the same prompt it is the loss of `classifierObjective` over
 * `headReadout`, which needs one text an example instead of one for each word.
 * For example `optionClassifierObjective(session).losses([point], optionBatch(examples))`.
 * @param session of a `tokenScorer` model
 * @throws when the session's features are not scores of tokens
 * Source: princeton-nlp/MeZO@6acfd0b large_models/utils.py, `forward_wrap_with_option_len` with `num_options`; `train_as_classification`.
 */
export function optionClassifierObjective(session: ModelSession): Objective<OptionBatch> {
  return objectiveOf(session, (scores, batch) => {
    const slope = new Float64Array(scores.length);
    const examples = optionSpans(batch);
    let loss = 0;
    examples.forEach((spans, b) => {
      const means = Float64Array.from(spans, (span) => mean(scores, span));
      const labels = [batch.labels[b]];
      loss += crossEntropy(means, spans.length, labels).mean / examples.length;
      crossEntropyGradient(means, spans.length, labels).forEach((by, c) => {
        const { from, to } = spans[c];
        slope.fill(by / (to - from) / examples.length, from, to);
      });
    });
    return { loss, slope };
  });
}

/**
 * Gives a metric of the options that are chosen, the largest length-normalised log-probability each, as an objective: minus the metric of the
 * batch, a number without derivatives. The batch holds all options (`choiceBatch(..., "all")`).
 * For example `optionMetric(session, "accuracy", null).losses([point], batch)`: [-0.5].
 * @param classes that all examples share; null: options of their own
 * @throws when the session's features are not scores of tokens, or a derivative is asked for
 */
export function optionMetric(
  session: ModelSession,
  metric: BatchMetricName,
  classes: number | null,
): Objective<OptionBatch> {
  checkScorer(session);
  return metricObjective(
    metric,
    async (points, batch) => {
      const scores = await session.features(points, batch.input);
      checkShape(scores, points.length, batch);
      const spans = optionSpans(batch);
      const right = batch.right ?? batch.labels.map((label) => [label]);
      return points.map((_, p) => ({
        predictions: spans.map((each) => largestAt(each.map((span) => mean(rowsAt(scores, p), span)))),
        right,
        classes,
      }));
    },
    session.base,
  );
}

/**
 * Gives the length-normalised log-probability of each option of each example at a point: what inference takes the largest of.
 * @returns [examples][options], in nats a token
 * @throws when the session's features are not scores of tokens
 * Source: princeton-nlp/MeZO@6acfd0b large_models/run.py, `one_step_pred`: the mean of the option tokens' log-probabilities.
 */
export async function scoreOptions(
  session: ModelSession,
  point: Float32Array,
  batch: OptionBatch,
): Promise<readonly (readonly number[])[]> {
  checkScorer(session);
  const scores = await session.features([point], batch.input);
  checkShape(scores, 1, batch);
  return optionSpans(batch).map((spans) => spans.map((span) => mean(scores.data, span)));
}

/** The rows [from, to) of an option's tokens among all scores of a batch. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** The spans of each example's options. */
function optionSpans({ input, options }: OptionBatch): readonly (readonly Span[])[] {
  let [text, row] = [0, 0];
  return options.map((count) =>
    Array.from({ length: count }, () => {
      const from = row;
      row += input.targets[text++].length;
      return { from, to: row };
    }),
  );
}

function sum(scores: ArrayLike<number>, { from, to }: Span): number {
  let total = 0;
  for (let k = from; k < to; k++) total += scores[k];
  return total;
}

function mean(scores: ArrayLike<number>, span: Span): number {
  return sum(scores, span) / (span.to - span.from);
}

/** A batch's loss from its tokens' log-probabilities [K], and the loss's derivative by each of them [K]. */
type TokenLoss = (scores: Float32Array, batch: OptionBatch) => { readonly loss: number; readonly slope: Float64Array };

/**
 * The objective of a loss that is a function of token scores alone: its derivatives are the scores' own times the slope.
 * @param weightsOf the slope, where no score decides it: loss and gradient are then one call of the engine
 */
function objectiveOf(
  session: ModelSession,
  lossOf: TokenLoss,
  weightsOf?: (batch: OptionBatch) => Float64Array,
): Objective<OptionBatch> {
  checkScorer(session);
  const { gradient: gradientBy, gradientBlocks: blocks } =
    session.layout.factors === undefined ? session : { gradient: undefined, gradientBlocks: undefined };
  const pulled = (batch: OptionBatch): GradientLoss => {
    if (weightsOf) return { weights: weightsOf(batch), classes: null };
    return (scores) => {
      checkShape(scores, 1, batch);
      return Float32Array.from(lossOf(scores.data, batch).slope);
    };
  };
  const lossAt = (scores: Features, batch: OptionBatch): number => {
    checkShape(scores, 1, batch);
    return lossOf(scores.data, batch).loss;
  };
  return {
    ...(session.base && { base: session.base }),
    ...noGradient(session),
    async losses(points, batch) {
      const scores = await session.features(points, batch.input);
      checkShape(scores, points.length, batch);
      return points.map((_, p) => lossOf(rowsAt(scores, p), batch).loss);
    },
    async derivatives(point, directions, batch) {
      const { primal, tangents } = await session.tangents(point, directions, batch.input);
      checkShape(primal, 1, batch);
      checkShape(tangents, directions.length, batch);
      const { loss, slope } = lossOf(primal.data, batch);
      const along = (t: Float32Array): number => slope.reduce((total, by, k) => total + by * t[k], 0);
      return { loss, derivatives: directions.map((_, p) => along(rowsAt(tangents, p))) };
    },
    ...(gradientBy && {
      async gradient(point: Float32Array, batch: OptionBatch) {
        const { features, gradient } = await gradientBy.call(session, point, batch.input, pulled(batch));
        return { loss: lossAt(features, batch), gradient };
      },
    }),
    ...(blocks && {
      async gradientBlocks(
        point: Float32Array,
        batch: OptionBatch,
        take: (block: GradientBlock) => void | Promise<void>,
      ) {
        const { features } = await blocks.call(session, point, batch.input, pulled(batch), take);
        return { loss: lossAt(features, batch) };
      },
    }),
  };
}

function checkScorer({ width }: ModelSession): void {
  if (width !== 1) fail("session", "one of a token scorer (width 1)", `width ${width}`);
}

function checkShape({ points, texts }: Features, expected: number, { input }: OptionBatch): void {
  const tokens = input.targets.reduce((sum, { length }) => sum + length, 0);
  if (points !== expected || texts !== tokens)
    fail("features", `${expected} points x ${tokens} tokens`, `${points} x ${texts}`);
}
