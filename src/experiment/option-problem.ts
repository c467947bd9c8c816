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
import { choiceAccuracy } from "../task/group-metrics";
import type { LoadedTask } from "../task/load-task";
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
import { optionClassifierObjective, optionObjective, scoreOptions } from "../task/token-objective";
import { fingerprintData } from "../train/fingerprint";
import { cutNotice, limitsOf, samplingOf } from "./problem-options";
import type { ProblemOptions } from "./problem-options";
import type { Scores, Trainable } from "./problem";

/** Options of one evaluation pass, about: examples are not taken apart. */
const EVALUATION_BATCH = 16;

/**
 * Samples a task of options, of label words of several tokens, or of texts to write for a causal language model. Trained on the right
 * options' tokens (label words: on the cross-entropy over all of them); evaluated
 * - choice, label words: the option with the largest length-normalised log-probability; loss: cross-entropy over those scores
 * - generation: loss of the training answers' tokens; on test the model writes its own answers, greedily
 * @param writing options of the engine that writes answers
 * @throws when the model has no causal head, too few texts pass the length limit, or two classes have the same word
 * @example (await makeOptionProblem(smollm2, await loadTask("copa"), options)).chanceLoss.toFixed(3) // "0.693", log 2
 * Source: MeZO, arXiv 2305.17333 (tables 1 and 18's causal protocol), princeton-nlp/MeZO, large_models; see `optionObjective` and
 *   `optionClassifierObjective`.
 */
export function makeOptionProblem(
  loaded: LoadedModel,
  from: LoadedTask,
  options: ProblemOptions,
  writing: Pick<GeneratorOptions, "cacheDirectory"> = {},
): Promise<Trainable<OptionBatch>> {
  const { task } = from;
  const { model, tokenizer } = loaded;
  const reading = readingOf(task, model);
  if (reading !== "causal") return fail(`options of ${task.name}`, "a causal language model", model.family);
  const byClass = task.kind === "classification";
  if (byClass) checkDistinct(task.name, wordsOf(task, reading));
  const sample = sampleTask(from, samplingOf(task, reading, tokenizer, options));
  const limits = limitsOf(model, options);
  const { train: trainTexts, dev: devTexts, test: testTexts } = sample.parts;
  const encode = (examples: readonly Example[]) => encodeChoices(task, examples, tokenizer, limits);
  const [train, dev, test] = [encode(trainTexts), encode(devTexts), encode(testTexts)];
  const parts = {
    dev: { choices: dev.choices, examples: devTexts },
    test: { choices: test.choices, examples: testTexts },
  };

  /** Mean loss, and the chosen option of each example. */
  const scored = async (session: ModelSession, point: Float32Array, part: "dev" | "test") => {
    const { choices } = parts[part];
    const predictions: number[] = [];
    let [loss, passes] = [0, 0];
    for (const indices of inBatches(choices)) {
      const scores = await scoreOptions(session, point, choiceBatch(choices, indices, "all"));
      passes++;
      scores.forEach((values, i) => {
        loss += lossOfExample(task.kind, values, choices[indices[i]].right);
        predictions.push(values.indexOf(Math.max(...values)));
      });
    }
    return { loss: loss / choices.length, passes, predictions };
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

  return Promise.resolve({
    loaded,
    task,
    origin: from.origin,
    options,
    sessionModel: tokenScorer(model),
    chanceLoss: chanceOf(task.kind, dev.choices, model.vocabulary),
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
    async evaluate(session, point, part, spec): Promise<Scores> {
      const { loss, passes, predictions } = await scored(session, point, part);
      const { examples } = parts[part];
      const counted = { loss, count: examples.length, forwardPasses: passes };
      if (task.kind !== "generation") {
        const metrics = taskMetrics(task, examples, { kind: byClass ? "classes" : "options", predictions });
        const right = parts[part].choices.map((choice) => choice.right);
        return { ...counted, accuracy: choiceAccuracy(predictions, right), metrics };
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

/** Cross-entropy over an example's options (any right one counts), or what its answer's token costs on average. */
function lossOfExample(kind: string, scores: readonly number[], right: readonly number[]): number {
  if (kind === "generation") return -scores[0];
  const over = (values: readonly number[]): number => logSumExp(Float64Array.from(values));
  return over(scores) - over(right.map((index) => scores[index]));
}

/** The loss of an even guess: among an example's options, or among all tokens. */
function chanceOf(kind: string, choices: readonly EncodedChoice[], vocabulary: number): number {
  if (kind === "generation") return Math.log(vocabulary);
  const logs = choices.map(({ options, right }) => Math.log(options.length / right.length));
  return logs.reduce((a, b) => a + b, 0) / Math.max(logs.length, 1);
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
