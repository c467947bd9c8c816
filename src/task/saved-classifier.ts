import { join } from "node:path";
import { fail, sameLength } from "../check/check";
import { readTogether, settleFolder } from "../disk/whole-folder";
import type { FolderFiles } from "../disk/whole-folder";
import { settleFiles, writeFiles } from "../disk/whole-set";
import type { SavedAdapter } from "../weights/adapter-file";
import { adapterContent, loadAdapter } from "../weights/adapter-file";
import { loadPeft, READOUT, savePeft } from "../weights/peft-folder";
import type { PeftModel } from "../weights/peft-folder";
import { readSafetensors } from "../weights/safetensors";
import { safetensors } from "../weights/write-safetensors";
import { parsedPrompt } from "./classifier-prompt";
import type { ClassifierPrompt } from "./classifier-prompt";
import { readoutAt } from "./readout";
import type { Readout } from "./readout";

/** A tuned adapter with the frozen readout and the prompt it was tuned for: all that a frozen model needs to answer. */
export interface SavedClassifier {
  readonly adapter: SavedAdapter;
  readonly readout: Readout;
  readonly labels: readonly string[];
  /** What it was asked while it was tuned; absent in files that were saved before it was kept. */
  readonly prompt?: ClassifierPrompt;
}

const FORMAT = "adazeta-readout-1";

/**
 * Saves a classifier as two safetensors files: `<path>.adapter.safetensors` and `<path>.readout.safetensors`,
 * both of this save or, after a kill, both of the one before.
 * For example `saveClassifier("data/runs/trec", { adapter, readout, labels: ["Description", ...] })`.
 * @throws when the disk does not take them
 */
export function saveClassifier(path: string, classifier: SavedClassifier): void {
  const [adapter, readout] = pathsOf(path);
  writeFiles([
    [adapter, adapterContent(classifier.adapter)],
    [readout, readoutContent(classifier)],
  ]);
}

/**
 * Saves a classifier whose adapter is a LoRA as a folder that Hugging Face PEFT opens, with `readout.safetensors` beside its files.
 * @param besides further files of the folder
 * @throws as `savePeft`, or when the disk does not take it
 */
export function savePeftClassifier(
  folder: string,
  classifier: SavedClassifier,
  model: PeftModel,
  base: string,
  besides: FolderFiles = {},
): void {
  savePeft(folder, classifier.adapter, model, base, { ...besides, [READOUT]: readoutContent(classifier) });
}

function pathsOf(path: string): readonly [string, string] {
  return [`${path}.adapter.safetensors`, `${path}.readout.safetensors`];
}

function readoutContent({ adapter, readout, labels, prompt }: SavedClassifier): (file: number) => void {
  // A readout whose head is trained is saved as it is at the point.
  const { rows, classes, width, scale, bias } = readoutAt(readout, adapter.layout, adapter.point);
  const tensors = [
    { name: "rows", shape: [classes, width], data: rows },
    ...(bias ? [{ name: "bias", shape: [classes], data: bias }] : []),
  ];
  const metadata = { format: FORMAT, model: adapter.modelId, labels: JSON.stringify(labels), scale: String(scale) };
  return safetensors(tensors, prompt === undefined ? metadata : { ...metadata, prompt: JSON.stringify(prompt) });
}

/**
 * Reads what `saveClassifier` wrote.
 * @throws when a file is missing or damaged, or was made for another model
 */
export function loadClassifier(path: string, modelId: string): SavedClassifier {
  const [adapter, readout] = pathsOf(path);
  settleFiles(adapter);
  return readTogether([adapter, readout], () => ({
    adapter: loadAdapter(adapter, { modelId }),
    ...readReadout(readout, modelId),
  }));
}

/** Reads what `savePeftClassifier` wrote. @throws as `loadPeft`, or when the readout is missing, damaged or another model's */
export function loadPeftClassifier(folder: string, model: PeftModel): SavedClassifier {
  settleFolder(folder);
  return readTogether([folder], () => ({
    adapter: loadPeft(folder, model),
    ...readReadout(join(folder, READOUT), model.id),
  }));
}

function readReadout(file: string, modelId: string): Omit<SavedClassifier, "adapter"> {
  const { metadata, tensors } = readSafetensors(file);
  if (metadata["format"] !== FORMAT)
    fail(`${file}: format`, `"${FORMAT}", a file made by saveClassifier`, metadata["format"]);
  if (metadata["model"] !== modelId) fail(`${file}: model`, modelId, metadata["model"]);
  const rows = tensors.find(({ name }) => name === "rows") ?? fail(`${file}: rows`, "a tensor", "none");
  const bias = tensors.find(({ name }) => name === "bias");
  if (rows.shape.length !== 2) fail(`${file}: rows`, "a tensor of [classes, width]", rows.shape);
  const [classes, width] = rows.shape;
  if (bias) sameLength(`${file}: bias`, bias.data.length, classes);
  const labels = parsed(metadata["labels"]);
  if (!Array.isArray(labels) || labels.length !== classes || !labels.every((label) => typeof label === "string"))
    return fail(`${file}: labels`, `${classes} names`, labels);
  const scale = Number(metadata["scale"]);
  if (!Number.isFinite(scale)) fail(`${file}: scale`, "a number", metadata["scale"]);
  const readout = { rows: rows.data, classes, width, scale, ...(bias ? { bias: bias.data } : {}) };
  const prompt = metadata["prompt"];
  return {
    readout,
    labels,
    ...(prompt === undefined ? {} : { prompt: parsedPrompt(`${file}: prompt`, parsed(prompt), classes) }),
  };
}

/** What JSON text holds; null where it is none. */
function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
