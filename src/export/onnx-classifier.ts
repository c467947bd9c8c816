import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeAdapter } from "../adapter/make-adapter";
import { fail } from "../check/check";
import { requireFree } from "../disk/require-free";
import { writeAll } from "../disk/whole-file";
import { writeFolder } from "../disk/whole-folder";
import type { Content } from "../disk/whole-file";
import type { LoadedModel } from "../engine/load-model";
import { portableGraph } from "../engine/onnx/portable-graph";
import type { PortableGraph } from "../engine/onnx/portable-graph";
import { onnxSession } from "../engine/onnx/session";
import { askedText, taskOf } from "../task/classifier-recipe";
import type { ClassifierRecipe } from "../task/classifier-recipe";
import { logSumExp } from "../task/loss";
import { promptText } from "../task/reading";
import { readoutAt, scores } from "../task/readout";
import type { Readout } from "../task/readout";
import type { SavedAdapter } from "../weights/adapter-file";
import { requireNotBase } from "../weights/require-not-base";
import { CHECK_TEXTS } from "./check-values";
import type { CheckValues } from "./check-values";
import { CLASSIFIER_FILES, CLASSIFIER_FORMAT } from "./exported-classifier";
import type { ClassifierNotes } from "./exported-classifier";
import { baseName, tokenizerFiles } from "./merged-folder";
import { verificationContent, verify } from "./verification";

/** A tuned classifier and what it is asked. */
export interface TunedClassifier {
  readonly adapter: SavedAdapter;
  /** As it was made for the frozen model (`readoutAt`). */
  readonly readout: Readout;
  readonly recipe: ClassifierRecipe;
}

/** How a classifier is written. */
export interface OnnxOptions {
  /** Takes the place of what has that name. Without it a name that is taken is an error. */
  readonly replace?: boolean;
  /** Bytes above which the weights lie in a file of their own, model.onnx_data; default 2 GB, the most that an ONNX file can have. */
  readonly largestFile?: number;
}

/** What was written, and how far its answers are from what was tuned. */
export interface WrittenClassifier {
  readonly path: string;
  /** Bytes of the graph with its weights. */
  readonly bytes: number;
  /** The largest difference of a class's log-probability on the texts of verify.json, in nats. */
  readonly difference: number;
}

const LARGEST = 2 ** 31 - 2 ** 20;

/**
 * Writes a tuned classifier as a folder that needs nothing else: `model.onnx` (base, adapter and readout in one graph of the ONNX standard), the
 * tokenizer's files, `classifier.json` (labels, and how texts become prompts) and `verify.json`. Every adapter can be written: what has no
 * counterpart in other formats, as the ReLU within a tensor train, is a node of the graph. What was written is opened again and compared.
 * For example `await writeOnnxClassifier(smollm2, { adapter, readout, recipe }, "data/runs/mine")`.
 * @throws when the adapter was tuned on another model, the model lies in no files, the name is taken, the disk does not take it, or what was
 *   written does not compute the same
 */
export async function writeOnnxClassifier(
  loaded: LoadedModel,
  { adapter: saved, readout, recipe }: TunedClassifier,
  path: string,
  { replace = false, largestFile = LARGEST }: OnnxOptions = {},
): Promise<WrittenClassifier> {
  const { model } = loaded;
  if (saved.modelId !== model.id)
    return fail("adapter", "one that was tuned on this model (this is another base)", saved.modelId);
  const files = loaded.files ?? fail("model", "one that was opened from files", loaded.name);
  requireFree(path, replace);
  requireNotBase(path, files);
  const taken = existsSync(path);
  const adapter = makeAdapter(saved.spec, model);
  const tuned = readoutAt(readout, adapter.layout, saved.point);
  const graph = portableGraph(model, adapter, saved.point, tuned);
  const notes: ClassifierNotes = {
    format: CLASSIFIER_FORMAT,
    // A folder's name alone: where it lies is nobody else's.
    base: existsSync(loaded.name) ? baseName(files) : loaded.name,
    note: saved.note,
    ...recipe,
  };
  const values = await classValues(loaded, { adapter: saved, readout: tuned, recipe });
  writeFolder(
    path,
    {
      ...tokenizerFiles(files),
      ...graphFiles(graph, largestFile),
      "verify.json": verificationContent("classifier", values, loaded),
      [CLASSIFIER_FILES.recipe]: `${JSON.stringify(notes, null, 2)}\n`,
    },
    { last: CLASSIFIER_FILES.recipe, drop: [CLASSIFIER_FILES.weights] },
  );
  const { ok, message, difference } = await verify(path, null);
  if (!ok) {
    // What is not what was tuned does not keep the name; of a folder that was there already, other files stay.
    rmSync(taken ? join(path, CLASSIFIER_FILES.recipe) : path, { recursive: true, force: true });
    throw new Error(`${path}: expected it to compute what was tuned, got ${message}`);
  }
  return { path, bytes: graph.bytes, difference: difference! };
}

function graphFiles(graph: PortableGraph, largestFile: number): Readonly<Record<string, Content>> {
  const { graph: name, weights } = CLASSIFIER_FILES;
  const streamed =
    (pieces: () => Iterable<Uint8Array>): Content =>
    (file) => {
      for (const piece of pieces()) writeAll(file, piece);
    };
  return graph.bytes > largestFile
    ? { [weights]: streamed(() => graph.weights()), [name]: graph.graph(weights) }
    : { [name]: streamed(() => graph.whole()) };
}

/** What the tuned model says of the check texts here, by the engine that it was tuned with: log p of each class. */
async function classValues(
  { model, tokenizer }: LoadedModel,
  { adapter: { spec, point }, readout, recipe }: TunedClassifier,
): Promise<CheckValues> {
  const task = taskOf(recipe, "check");
  const names = Object.keys(recipe.fields);
  const { reading } = recipe.prompt;
  const session = await onnxSession(model, makeAdapter(spec, model));
  try {
    const texts: CheckValues["texts"][number][] = [];
    for (const at of CHECK_TEXTS.keys()) {
      const fields = Object.fromEntries(names.map((name, i) => [name, CHECK_TEXTS[(at + i) % CHECK_TEXTS.length]!]));
      const { ids, mask } = askedText(recipe, fields, tokenizer);
      const scored = reading === "pooled" ? undefined : [mask ?? ids.length - 1];
      const features = await session.features([point], { ids: [ids], ...(scored === undefined ? {} : { scored }) });
      const row = scores(readout, features);
      const total = logSumExp(row);
      const text = promptText(task, reading, { fields, label: 0, where: { file: "check", line: 1 } });
      texts.push({
        text,
        fields,
        ids,
        ...(mask === null ? {} : { mask }),
        values: [...row].map((score) => score - total),
      });
    }
    return { measured: "log-probabilities of the classes", texts };
  } finally {
    await session.dispose();
  }
}
