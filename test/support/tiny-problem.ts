import { readFileSync } from "node:fs";
import { makeAdapter } from "../../src/adapter/make-adapter";
import type { LoadedModel } from "../../src/engine/load-model";
import { referenceSession } from "../../src/engine/reference/session";
import { studySettings } from "../../src/experiment/divergence";
import type { StudySettings } from "../../src/experiment/arm";
import { makeProblem } from "../../src/experiment/problem";
import type { Problem, ProblemOptions } from "../../src/experiment/problem";
import { loadTask } from "../../src/task/load-task";
import type { LoadedTask } from "../../src/task/loaded-task";
import type { Tokenizer } from "../../src/text/tokenizer";
import { tinyModel } from "./tiny-models";
import { wordTokenizer } from "./word-tokenizer";

/** The task that a tiny model is tuned on: questions for the encoder, reviews for the language model. */
export const tinyTask = { bert: "trec", llama: "sst2" } as const;
export type TinyName = keyof typeof tinyTask;

/** Words of the project's samples folded into a tiny model's vocabulary: the same ids in every process, whatever is encoded first. */
function foldedWords(vocabulary: number): Tokenizer {
  const words = wordTokenizer();
  words.encode(" terrible great");
  for (const file of ["questions", "reviews"]) words.encode(readFileSync(`data/samples/${file}.tsv`, "utf8"));
  const encode = (text: string): readonly number[] => words.encode(text).map((id) => id % vocabulary);
  return { ...words, vocabulary, encode, continuation: encode, written: encode };
}

/** A tiny random model under the name of the real one of its family, with a word tokenizer. */
export function tinyLoaded(name: TinyName): LoadedModel {
  const { model } = tinyModel(name);
  const tokenizer = foldedWords(model.vocabulary);
  return { name: name === "bert" ? "minilm" : "smollm2", title: `tiny ${name}`, model, tokenizer };
}

/** The project's samples of that model's task; nothing is asked of a network. */
export function tinyTexts(name: TinyName): Promise<LoadedTask> {
  return loadTask(tinyTask[name], { hub: "off" });
}

export const tinyOptions: ProblemOptions = {
  seed: 3,
  batchSize: 4,
  train: 16,
  dev: 12,
  test: 12,
  maxTokens: 12,
  shots: 2,
};

/** A problem on a tiny model; any option or the texts replaced. */
export async function tinyProblem(
  name: TinyName,
  changes: Partial<ProblemOptions> = {},
  texts?: LoadedTask,
): Promise<Problem> {
  return makeProblem(
    tinyLoaded(name),
    texts ?? (await tinyTexts(name)),
    { ...tinyOptions, ...changes },
    async ({ model }) => referenceSession(model, makeAdapter({ kind: "none" }, model.sites)),
  );
}

/** The same problem, the same run, with a pause before each evaluation and each call for losses. */
export function slowed(problem: Problem, milliseconds: number): Problem {
  const pause = () => new Promise((resolve) => setTimeout(resolve, milliseconds));
  return {
    ...problem,
    objective(session) {
      const own = problem.objective(session);
      return {
        ...own,
        losses: async (...asked) => (await pause(), own.losses(...asked)),
        derivatives: async (...asked) => (await pause(), own.derivatives(...asked)),
      };
    },
    evaluate: async (...asked) => (await pause(), problem.evaluate(...asked)),
  };
}

/** The study's settings with adapters that fit a tiny model, and few steps with 1, 2 and 2 queries in the three epochs. */
export function tinySettings(name: TinyName, changes: Partial<StudySettings> = {}): StudySettings {
  const placement = name === "bert" ? "roberta" : "llama";
  return {
    ...studySettings("minilm-trec", 0.02, { steps: 12, alpha: 2 }),
    batchSize: tinyOptions.batchSize,
    tensorTrain: { kind: "tensor-train", placement, rank: 2, bottleneck: 8, scale: 1, modes: null },
    lora: { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] },
    ...changes,
  };
}
