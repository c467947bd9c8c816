import { makeAdapter } from "../adapter/make-adapter";
import type { AdapterSpec } from "../adapter/adapter";
import { fail } from "../check/check";
import type { LoadedModel } from "../engine/load-model";
import { onnxGenerator } from "../engine/onnx/generator";
import type { GeneratorOptions } from "../engine/onnx/generator";
import type { ModelSession } from "../engine/session";
import { tokenScorer } from "../model/token-scorer";
import { trainingBatches } from "../task/batches";
import { generateAnswers } from "../task/generate-answers";
import { classChance, optionChance, tokenChance } from "../task/chance";
import type { Chance } from "../task/chance";
import { choiceAccuracy } from "../task/group-metrics";
import type { LoadedTask } from "../task/loaded-task";
import { logSumExp } from "../task/loss";
import { choiceBatch } from "../task/option-batch";
import type { OptionBatch } from "../task/option-batch";
import { encodeChoices, encodePrompts } from "../task/options";
import type { EncodedChoice } from "../task/options";
import { readingOf, wordsOf } from "../task/reading";
import { repeated } from "../task/read-text";
import { sampleTask } from "../task/sample";
import { taskMetrics } from "../task/task-metrics";
import type { Answers } from "../task/task-metrics";
import type { Example } from "../task/task";
import { batchMetric, checkBatchMetric } from "../task/batch-metrics";
import { promptTexts } from "../task/prompt-texts";
import { textMetrics } from "../task/text-metrics";
import { optionClassifierObjective, optionMetric, optionObjective, scoreOptions } from "../task/token-objective";
import { fingerprintData } from "../train/fingerprint";
import { cutNotice, limitsOf, samplingOf } from "./problem-options";
import type { ProblemOptions } from "./problem-options";
import type { Scores, Trainable } from "./problem";
import { mean } from "../tree/mean";

/** A problem of choosing among options that are scored whole, or of writing texts. */
export interface OptionProblem extends Trainable<OptionBatch> {
  readonly kind: "options";
}

/** Options of one evaluation pass, about: examples are not taken apart. */
const EVALUATION_BATCH = 16;

/**
 * Samples a task of options, of label words of several tokens, or of texts to write for a causal language model. The loss, in training
 * and evaluation alike, is the one of the right options' tokens (label words: the cross-entropy over all of them); besides it evaluation
 * measures
 * - choice: the share of right answers, the option with the largest length-normalised log-probability taken, and the cross-entropy over
 *   those scores (`optionLoss`)
 * - generation: on test the model writes its own answers, greedily
 * For example `(await makeOptionProblem(smollm2, await loadTask("copa"), options)).chance.accuracy`: 0.5, one option of two.
 * @param writing options of the engine that writes answers
 * @throws when the model has no causal head, too few texts pass the length limit, or two classes have the same word
 * Source: MeZO, arXiv 2305.17333 (tables 1 and 18's causal protocol), princeton-nlp/MeZO, large_models; see `optionObjective` and
 *   `optionClassifierObjective`.
 */
export function makeOptionProblem(
  loaded: LoadedModel,
  from: LoadedTask,
  options: ProblemOptions,
  writing: Pick<GeneratorOptions, "cacheDirectory"> = {},
): Promise<OptionProblem> {
  const { task } = from;
  const { model, tokenizer } = loaded;
  const reading = readingOf(task, model);
  if (reading !== "causal") return fail(`options of ${task.name}`, "a causal language model", model.family);
  const byClass = task.kind === "classification";
  if (byClass) checkDistinct(task.name, wordsOf(task, reading));
  const classes = task.kind === "classification" ? task.labels.length : null;
  const sample = sampleTask(from, samplingOf(task, reading, tokenizer, options));
  const limits = limitsOf(model, options);
  const { train: trainTexts, dev: devTexts, test: testTexts } = sample.parts;
  const encode = (examples: readonly Example[]) => encodeChoices(task, examples, tokenizer, limits);
  const [train, dev, test] = [encode(trainTexts), encode(devTexts), encode(testTexts)];
  const parts = {
    dev: { choices: dev.choices, examples: devTexts },
    test: { choices: test.choices, examples: testTexts },
  };

  const scored = async (session: ModelSession, point: Float32Array, part: "dev" | "test") => {
    const { choices } = parts[part];
    const losses: ExampleLoss[] = [];
    const predictions: number[] = [];
    let passes = 0;
    for (const indices of inBatches(choices)) {
      const scores = await scoreOptions(session, point, choiceBatch(choices, indices, "all"));
      passes++;
      scores.forEach((values, i) => {
        losses.push(lossOfExample(values, choices[indices[i]]));
        predictions.push(values.indexOf(Math.max(...values)));
      });
    }
    const overOptions = mean(losses.map(({ options }) => options));
    const perExample = byClass ? losses.map(({ options }) => options) : shares(losses);
    return { loss: mean(perExample), perExample, overOptions, passes, predictions };
  };

  const written = async (point: Float32Array, spec: AdapterSpec): Promise<Answers> => {
    if (task.kind !== "generation") return fail(`answers of ${task.name}`, "a generation task", task.kind);
    const { prompts } = encodePrompts(task, testTexts, tokenizer, limits);
    const generator = await onnxGenerator(model, makeAdapter(spec, model), {
      ...writing,
      threads: options.threads ?? 1,
    });
    try {
      return { kind: "texts", texts: await generateAnswers(generator, tokenizer, point, prompts, task) };
    } finally {
      await generator.dispose();
    }
  };

  const chanceOn = (part: "dev" | "test"): Chance => {
    if (byClass) return classChance(sample.counts[part]);
    const { choices } = parts[part];
    const { accuracy, count } = optionChance(choices);
    return { loss: tokenChance(choices.map(rightTokens)), accuracy: task.kind === "choice" ? accuracy : NaN, count };
  };
  const chance = chanceOn("dev");
  return Promise.resolve({
    kind: "options",
    loaded,
    task,
    origin: from.origin,
    options,
    sessionModel: tokenScorer(model),
    chance,
    testChance: chanceOn("test"),
    chanceLoss: chance.loss,
    sample,
    dataHash: fingerprintData({ train: train.choices, dev: dev.choices }),
    notices: [
      ...from.notices,
      ...sample.notices,
      ...Object.entries({ train, dev, test }).flatMap(([name, { cut, choices }]) =>
        cutNotice(name, cut, choices.length),
      ),
    ],
    batches: trainingBatches(train.choices.length, options, (indices) =>
      choiceBatch(train.choices, indices, byClass ? "all" : "right"),
    ),
    objective: byClass ? optionClassifierObjective : optionObjective,
    metric(name) {
      if (task.kind === "generation")
        return fail(`objective of ${task.name}`, `"loss", ${Object.keys(textMetrics).join(", ")}, or a reward`, name);
      const metric = checkBatchMetric(task.name, name, classes);
      return {
        metric,
        batches: trainingBatches(train.choices.length, options, (indices) =>
          choiceBatch(train.choices, indices, "all"),
        ),
        objective: (session) => optionMetric(session, metric, classes),
      };
    },
    prompts: (part, newTokens) => promptTexts(task, sample.parts[part], tokenizer, limits, newTokens),
    async evaluate(session, point, part, spec, metric): Promise<Scores> {
      const { loss, perExample, overOptions, passes, predictions } = await scored(session, point, part);
      const chosen = { predictions, right: parts[part].choices.map(({ right }) => right), classes };
      const more = metric === undefined ? {} : { [metric]: batchMetric(metric, chosen) };
      const { examples } = parts[part];
      const optionLoss = task.kind === "choice" ? { optionLoss: overOptions } : {};
      const counted = { loss, ...optionLoss, count: examples.length, forwardPasses: passes, perExample };
      if (task.kind !== "generation") {
        const metrics = taskMetrics(task, examples, { kind: byClass ? "classes" : "options", predictions });
        const right = parts[part].choices.map((choice) => choice.right);
        return { ...counted, accuracy: choiceAccuracy(predictions, right), metrics: { ...metrics, ...more } };
      }
      if (part === "dev") return { ...counted, accuracy: NaN, metrics: {} };
      const metrics = taskMetrics(task, examples, await written(point, spec));
      return { ...counted, accuracy: metrics["exact match"] ?? NaN, metrics };
    },
  });
}

function checkDistinct(task: string, words: readonly string[]): void {
  const twice = repeated(words);
  if (twice !== undefined) fail(`label words of ${task}`, "a word of its own for each class", `${twice} twice`);
}

/** What an example adds to the losses: cross-entropy over its options, any right one counts, and its trained answer's tokens. */
interface ExampleLoss {
  readonly options: number;
  /** Nats of all the answer's tokens together, and how many they are. */
  readonly nats: number;
  readonly tokens: number;
}

function lossOfExample(scores: readonly number[], choice: EncodedChoice): ExampleLoss {
  const over = (values: readonly number[]): number => logSumExp(Float64Array.from(values));
  const tokens = rightTokens(choice).length;
  return {
    options: over(scores) - over(choice.right.map((index) => scores[index])),
    nats: -tokens * scores[choice.right[0]],
    tokens,
  };
}

/** The tokens of the option that is trained on: the first right one. */
function rightTokens({ options, right }: EncodedChoice): readonly number[] {
  const { ids, from } = options[right[0]];
  return ids.slice(from);
}

/** Parts of the loss of all answers' tokens, sum of nats / sum of tokens, whose mean over examples it is: a long answer has a larger one. */
function shares(losses: readonly ExampleLoss[]): readonly number[] {
  const each = mean(losses.map(({ tokens }) => tokens));
  return losses.map(({ nats }) => nats / each);
}

/** Indices of examples in their order, so many at a time that their options are about one batch. */
function inBatches(choices: readonly EncodedChoice[]): readonly (readonly number[])[] {
  const batches: number[][] = [];
  let room = 0;
  choices.forEach(({ options }, i) => {
    if (room < options.length || batches.length === 0) {
      batches.push([]);
      room = EVALUATION_BATCH;
    }
    batches[batches.length - 1].push(i);
    room -= options.length;
  });
  return batches;
}
