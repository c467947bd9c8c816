import { adapterFor } from "../experiment/adapter-for";
import type { Trainable } from "../experiment/problem";
import { engineFor } from "../engine/open-session";
import { mergeAdapter } from "../export/merge-adapter";
import type { MergedModel, MergeOptions } from "../export/merge-adapter";
import { saveGgufLora } from "../weights/gguf-lora";
import type { GgufLoraOptions } from "../weights/gguf-lora";
import { tunedAdapter } from "./choose";
import type { LiveRun } from "./live-runs";

/**
 * Saves the best checkpoint of a LoRA run as a GGUF file that llama.cpp, and what is built on it, adds to a GGUF file of the same model.
 * For example `saveRunAsGguf(problem, chosen, "data/runs/mine.gguf")`.
 * @returns the path
 * @throws when the run has no checkpoint, and as `saveGgufLora`
 */
export function saveRunAsGguf(
  problem: Trainable<unknown>,
  run: LiveRun,
  path: string,
  options: GgufLoraOptions = {},
): string {
  return saveGgufLora(path, tunedAdapter(problem, run), problem.loaded.model, options);
}
