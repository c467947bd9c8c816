import { makeAdapter } from "../adapter/make-adapter";
import type { Adapter } from "../adapter/adapter";
import { fail } from "../check/check";
import { messageOf } from "../check/error-words";
import { requireFree } from "../disk/require-free";
import { loadModel } from "../engine/load-model";
import type { LoadedModel } from "../engine/load-model";
import type { SavedAdapter } from "../weights/adapter-file";
import { isLinear } from "../weights/as-lora";
import type { LinearSpec } from "../weights/as-lora";
import { ggufForm } from "../weights/gguf-lora";
import type { ModelFiles } from "../weights/locate-model";
import { requireNotBase } from "../weights/require-not-base";
import { mergedWeights } from "../weights/merged-weights";
import { ggufPartsOf } from "../weights/gguf";
import { meanScore } from "./mean-score";
import { baseName, FOLDER_TYPES, writeMergedFolder } from "./merged-folder";
import type { MergedFolderType } from "./merged-folder";
import { GGUF_FILE_TYPES, isGgufName, writeMergedGguf } from "./merged-gguf";
import type { MergedGgufType } from "./merged-gguf";

/** Gives a number of a model with an adapter at a point: a loss, a share of right answers. */
export type ModelScore = (model: LoadedModel, adapter: Adapter, point: Float32Array) => Promise<number>;

/** How a tuned model is written. */
export interface MergeOptions {
  /** How its matrices are held: F32 (the default), F16 or BF16 in a folder; F32, F16, Q8_0 or Q4_1 in a GGUF file. */
  readonly type?: MergedFolderType | MergedGgufType;
  /** What is compared before and after; default: `meanScore` of a few texts. */
  readonly score?: ModelScore;
  /** Takes the place of what has that name. Without it a name that is taken is an error. */
  readonly replace?: boolean;
}

/** A tuned model that was written, opened again and scored. */
export interface MergedModel {
  readonly path: string;
  /** What it was made from, as its metadata say. */
  readonly made: string;
  /** The score of the frozen model with the adapter. */
  readonly tuned: number;
  /** The same score of what was written, opened again. */
  readonly written: number;
}

/**
 * Writes a tuned model as one that needs no adapter: a folder that transformers' `from_pretrained` opens, or, where the path ends in ".gguf", a
 * GGUF file for llama.cpp. LoRA, LoRA-XS, a LoRA or a core of tensor trains,
 * linear adapters and full-parameter training can be merged; a share of the change is that of `scaledPoint`. On a quantized base the decoded base is what was tuned, and the
 * metadata say which bits that was. What was written is opened again and scored: both numbers are given.
 * For example `await mergeAdapter(smollm2, adapter, "mine.gguf", { type: "Q8_0" })`.
 * @throws when the adapter cannot be merged (saying why), was tuned on another model, the name is taken or is the base's own, the type is
 *   not one of that form, a GGUF file is asked for of a base that is none, or the disk does not take it
 */
export async function mergeAdapter(
  loaded: LoadedModel,
  saved: SavedAdapter,
  path: string,
  { type = "F32", score = meanScore(), replace = false }: MergeOptions = {},
): Promise<MergedModel> {
  const { model } = loaded;
  const files = loaded.files ?? fail("model", "one that was opened from files", loaded.name);
  const changes = mergedWeights(saved, model);
  requireFree(path, replace);
  requireNotBase(path, files);
  const made = madeFrom(files, saved, type);
  const notes = { base: saved.modelId, made, note: saved.note };
  if (isGgufName(path)) {
    if (files.kind !== "gguf")
      return fail(
        "path",
        "a folder: a GGUF file is written where the base is one (llama.cpp's convert_hf_to_gguf.py makes one of the folder)",
        path,
      );
    writeMergedGguf(path, files.weights, changes, ggufForm(model), among("type", type, GGUF_FILE_TYPES), notes);
  } else writeMergedFolder(path, files, changes, model.head, among("type", type, FOLDER_TYPES), notes);
  const tuned = await score(loaded, makeAdapter(saved.spec, model), saved.point);
  const again = opened(path);
  const written = await score(again, makeAdapter({ kind: "none" }, again.model), new Float32Array(0));
  return { path, made, tuned, written };
}

function among<K extends string>(what: string, type: string, table: Readonly<Record<K, unknown>>): K {
  const known = Object.keys(table).join(", ");
  return Object.hasOwn(table, type) ? (type as K) : fail(what, `one of ${known} for such a file`, type);
}

const LINEAR_NAMES: Readonly<Record<LinearSpec["kind"], string>> = {
  lora: "a LoRA",
  "lora-xs": "a LoRA-XS",
  "tt-lora": "a LoRA of tensor trains",
  "tt-core": "a core of tensor trains",
};

function madeFrom(files: ModelFiles, { spec }: SavedAdapter, type: string): string {
  const what = isLinear(spec)
    ? `${LINEAR_NAMES[spec.kind]} of rank ${spec.rank} added, alpha ${spec.alpha}`
    : spec.kind === "linear"
      ? `linear adapters of ${spec.rank === "full" ? "full rank" : `rank ${spec.rank}`} multiplied into the layers they follow`
      : "the tuned weights in place";
  const bits = files.kind === "gguf" ? typesOf(files.weights) : [];
  const quantized = bits.some((name) => name.includes("Q"));
  const base = `${baseName(files)}${bits.length > 0 ? ` (${bits.join(", ")}${quantized ? ", decoded to fp32: that is what was tuned" : ""})` : ""}`;
  const held =
    type === "Q8_0" || type === "Q4_1"
      ? `changed matrices quantized${quantized ? " again" : ""} to ${type}, the others as they were`
      : `written as ${type}`;
  return `${base}, ${what}; ${held}`;
}

function typesOf(path: string): readonly string[] {
  const matrices = ggufPartsOf(path).flatMap(({ tensors }) => tensors.filter(({ shape }) => shape.length > 1));
  return [...new Set(matrices.map(({ type }) => type.name))].sort();
}

function opened(path: string): LoadedModel {
  try {
    return loadModel(path, []);
  } catch (error) {
    throw new Error(`${path}: expected to open what was written, got ${messageOf(error)}`, { cause: error });
  }
}
