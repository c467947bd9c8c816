import { fail } from "../check/check";
import { makeAdapter } from "../adapter/make-adapter";
import type { LoadedModel } from "../engine/load-model";
import { onnxSession } from "../engine/onnx/session";
import type { TokenBatch } from "../engine/session";
import { probabilities } from "../task/loss";
import { scores } from "../task/readout";
import { encodeExamples, labelledBatch } from "../task/encode";
import { checkPrompt } from "../task/classifier-prompt";
import type { ClassifierPrompt } from "../task/classifier-prompt";
import { readingOf } from "../task/reading";
import { loadClassifier, loadPeftClassifier } from "../task/saved-classifier";
import type { Task } from "../task/task";
import { requireLength } from "../text/require-length";
import { isPeftFolder } from "../weights/peft-folder";

export interface Prediction {
  readonly label: string;
  readonly probability: number;
  /** Every class with its probability, the most probable first. */
  readonly all: readonly { readonly label: string; readonly probability: number }[];
}

export interface OpenClassifier {
  /** The template and the words that it was tuned with; null where an older save does not hold them. */
  readonly prompt: ClassifierPrompt | null;
  /**
   * @param text a plain text for an encoder, a whole prompt for a language model; or, where a task was given, its fields by name
   * @throws when the text is empty or longer than the model's context, or fields are given without a task
   */
  predict(text: string | Readonly<Record<string, string>>): Promise<Prediction>;
  dispose(): Promise<void>;
}

/**
 * Loads a saved adapter and readout into a fresh copy of the frozen model, ready to answer.
 * For example `(await (await openClassifier(minilm, "data/runs/trec")).predict("Who was Galileo?")).label`: "Human".
 * @param path as given to `saveRun`, or a folder of `saveRunAsPeft`
 * @param task puts fields into its prompt; it has to be the one that the classifier was tuned with
 * @throws when the files are missing or were made for another model, or the task has another template, other words or other classes,
 *   showing both
 */
export async function openClassifier(
  { model, tokenizer }: LoadedModel,
  path: string,
  task?: Task,
): Promise<OpenClassifier> {
  const peft = isPeftFolder(path);
  const classifier = peft ? loadPeftClassifier(path, model) : loadClassifier(path, model.id);
  const { adapter: saved, readout, labels, prompt } = classifier;
  if (task !== undefined) {
    if (task.kind !== "classification") return fail(`task ${task.name}`, "a task with classes", task.kind);
    checkPrompt(path, classifier, task, readingOf(task, model));
  }
  if (prompt === undefined)
    console.log(
      `note: ${path} does not hold the template and the words that it was tuned with, so they are not checked`,
    );
  const session = await onnxSession(model, makeAdapter(saved.spec, model));
  const encode = (asked: string | Readonly<Record<string, string>>): TokenBatch => {
    if (typeof asked === "string") {
      const ids = tokenizer.encode(asked);
      requireLength(ids, model.context);
      return { ids: [ids] };
    }
    if (task === undefined)
      return fail("predict", "a text (fields need the task: openClassifier(model, path, task))", asked);
    for (const field of Object.keys(task.fields))
      if (typeof asked[field] !== "string") fail(`predict.${field}`, "a text", asked[field]);
    const example = { fields: asked, label: 0, where: { file: "the text", line: 1 } };
    const encoded = encodeExamples(task, readingOf(task, model), [example], tokenizer, model);
    return labelledBatch(encoded, [0]).input;
  };
  return {
    prompt: prompt ?? null,
    async predict(text) {
      const shares = probabilities(scores(readout, await session.features([saved.point], encode(text))), labels.length);
      const all = labels
        .map((label, i) => ({ label, probability: shares[i] }))
        .sort((a, b) => b.probability - a.probability);
      const [{ label, probability }] = all;
      return { label, probability, all };
    },
    dispose: () => session.dispose(),
  };
}
