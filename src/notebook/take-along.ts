import { makeAdapter } from "../adapter/make-adapter";
import { modelWeights } from "../adapter/model-weights";
import { fail } from "../check/check";
import { knownOptions, namesOf } from "../check/known-options";
import { loadModel } from "../engine/load-model";
import { onnxSession } from "../engine/onnx/session";
import { withReadout } from "../experiment/problem";
import type { Trainable } from "../experiment/problem";
import { limitsOf } from "../experiment/problem-options";
import { writeOnnxClassifier } from "../export/onnx-classifier";
import type { OnnxOptions, WrittenClassifier } from "../export/onnx-classifier";
import { writeVerification } from "../export/verification";
import { mergeAdapter } from "../export/merge-adapter";
import type { MergedModel, MergeOptions, ModelScore } from "../export/merge-adapter";
import type { Model } from "../model/model";
import { formatNumber } from "../table/number";
import { classifierRecipe } from "../task/classifier-recipe";
import { readingOf } from "../task/reading";
import type { Layout } from "../tree/layout";
import { sharedVector } from "../tree/vector";
import { isFolder } from "../weights/safetensors-index";
import { loadGgufLora } from "../weights/read-gguf-lora";
import { saveGgufLora } from "../weights/gguf-lora";
import type { GgufLoraOptions } from "../weights/gguf-lora";
import { requireNotBase } from "../weights/require-not-base";
import { tunedAdapter } from "./choose";
import type { LiveRun } from "./live-runs";
import { CARD_OPTIONS, writeCard } from "./run-card";
import type { CardOptions } from "./run-card";

const GGUF_OPTIONS = [...namesOf<GgufLoraOptions>({ type: true, replace: true }), ...CARD_OPTIONS];
const ONNX_OPTIONS = [...namesOf<OnnxOptions>({ replace: true, largestFile: true }), ...CARD_OPTIONS];
const MERGE_OPTIONS = [...namesOf<MergeOptions>({ type: true, score: true, replace: true }), ...CARD_OPTIONS];

/**
 * Saves the best checkpoint of a LoRA run as a GGUF file that llama.cpp, and what is built on it, adds to a GGUF file of the same model.
 * Beside it, "NAME.verify.json" says what it computes (`npm run verify`), "NAME.README.md" what it is, and "NAME.Modelfile" how Ollama is told of it.
 * For example `await saveRunAsGguf(problem, chosen, "data/runs/mine.gguf")`.
 * @returns the path
 * @throws when the run has no checkpoint, the model lies in no files or is what the path names, and as `saveGgufLora`
 */
export async function saveRunAsGguf(
  problem: Trainable<unknown>,
  run: LiveRun,
  path: string,
  options: GgufLoraOptions & CardOptions = {},
): Promise<string> {
  knownOptions("saveRunAsGguf", options, GGUF_OPTIONS);
  const { loaded } = problem;
  // Before anything is written: without the base's files there is nothing to check the adapter by.
  requireNotBase(path, loaded.files ?? fail("model", "one that was opened from files", loaded.name));
  saveGgufLora(path, tunedAdapter(problem, run), loaded.model, options);
  // Of what was written: in F16 it has other bits than what was tuned.
  await writeVerification(path, loaded, loadGgufLora(path, loaded.model), loaded);
  writeCard(problem, run, path, "gguf-adapter", options);
  return path;
}

/**
 * Writes the best checkpoint of a run of any adapter as a folder that any program with ONNX Runtime opens: one ONNX file, the tokenizer, the labels,
 * a model card and `verify.json` (`npm run verify`). `npm run demo` makes a page of it, `npm run predict` fills tables with it.
 * For example `await saveRunAsOnnx(problem, chosen, "data/runs/mine")`.
 * @throws when the run has no checkpoint, the problem scores options whole, its prompt is no template, and as `writeOnnxClassifier`
 */
export async function saveRunAsOnnx(
  problem: Trainable<unknown>,
  run: LiveRun,
  folder: string,
  options: OnnxOptions & CardOptions = {},
): Promise<WrittenClassifier> {
  knownOptions("saveRunAsOnnx", options, ONNX_OPTIONS);
  const { loaded, readout, task, sample, options: asked } = withReadout(problem);
  const examples = [...sample.parts.train, ...sample.parts.dev].slice(0, PROMPTS_COMPARED);
  const limits = limitsOf(loaded.model, asked);
  const recipe = classifierRecipe(task, readingOf(task, loaded.model), limits, examples, loaded.tokenizer);
  const classifier = { adapter: tunedAdapter(problem, run), readout, recipe };
  const written = await writeOnnxClassifier(loaded, classifier, folder, options);
  writeCard(problem, run, folder, "onnx", options);
  return written;
}

/** Texts on which the prompt as data is compared with the task's own. */
const PROMPTS_COMPARED = 200;

/**
 * Writes the best checkpoint of a run as a model of its own (`mergeAdapter`), scores dev before and after, and prints both numbers: by default `tuned` and `written` are dev
 * losses, of the run's checkpoint and of the weights that were read back from what was written. `verify.json` with it says what it computes
 * (`npm run verify`).
 * For example `await mergeRun(problem, chosen, "data/runs/mine")`.
 * @throws when the run has no checkpoint, and as `mergeAdapter`
 */
export async function mergeRun<Batch>(
  problem: Trainable<Batch>,
  run: LiveRun,
  path: string,
  options: MergeOptions & CardOptions = {},
): Promise<MergedModel> {
  knownOptions("mergeRun", options, MERGE_OPTIONS);
  const { loaded, sessionModel } = problem;
  const devLoss: ModelScore = async (scored, own, ownPoint) => {
    // What was written is scored as the problem's own model with all of its weights replaced: texts and readout stay the same.
    const isWritten = scored !== loaded;
    const adapter = isWritten ? makeAdapter({ kind: "full", layers: "all" }, sessionModel) : own;
    const point = isWritten ? weightsOf(adapter.layout, scored.model) : ownPoint;
    const session = await onnxSession(sessionModel, makeAdapter(adapter.spec, sessionModel));
    try {
      return (await problem.evaluate(session, point, "dev", adapter.spec)).loss;
    } finally {
      await session.dispose();
    }
  };
  const merged = await mergeAdapter(loaded, tunedAdapter(problem, run), path, { score: devLoss, ...options });
  const { made, tuned, written } = merged;
  const by = options.score === undefined ? "on dev" : "by the score that was given";
  console.log(`${path}: ${made}; ${by} ${formatNumber(tuned, 4)} as tuned, ${formatNumber(written, 4)} as written`);
  await writeVerification(path, loadModel(path, []), null, loaded);
  writeCard(problem, run, path, isFolder(path) ? "folder" : "gguf", options, merged.made);
  return merged;
}

/** A model's weights as a point. */
function weightsOf(layout: Layout, model: Model): Float32Array {
  const weights = new Map(modelWeights(model).map((weight) => [weight.name, weight]));
  const point = sharedVector(layout.size);
  for (const { name, offset } of layout.entries)
    point.set((weights.get(name) ?? fail("weight", `${name} in what was written`, "none")).read(), offset);
  return point;
}
