import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fail, show } from "../check/check";
import { messageOf } from "../check/error-words";
import { ADVICE } from "./sniff";
import type { TensorFile } from "./tensor-file";

const LONGEST_INDEX = 100_000_000;

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * Gives the file of a folder that the weights are opened by: model.safetensors, else the index of several files, else the only safetensors file.
 * @throws when there is none; a folder that has PyTorch pickles alone is refused with the reason
 */
export function weightsInFolder(folder: string): string {
  const names = readdirSync(folder).sort();
  const found = names.filter((name) => name.endsWith(".safetensors"));
  const indices = names.filter((name) => name.endsWith(".safetensors.index.json"));
  const only = (list: readonly string[]): string | undefined => (list.length === 1 ? list[0] : undefined);
  const named = (name: string): string | undefined => names.find((other) => other === name);
  const chosen = named("model.safetensors") ?? named("model.safetensors.index.json") ?? only(indices) ?? only(found);
  if (chosen !== undefined) return join(folder, chosen);
  const pickles = names.filter((name) => /\.(bin|pt|pth|ckpt)$/.test(name));
  if (found.length === 0 && pickles.length > 0)
    throw new Error(`${folder}: expected safetensors, got ${pickles.join(", ")}: ${ADVICE.pickle}`);
  return fail(folder, "model.safetensors, model.safetensors.index.json or one safetensors file", found);
}

/**
 * Gives the files of a model in several: an index {"weight_map": {tensor: file}} beside them. Index and files must say the same of every tensor.
 * For example `shards("model.safetensors.index.json", open)`: [model-00001-of-00002.safetensors, model-00002-of-00002.safetensors].
 * @throws when a file is missing, lacks a tensor that the index says is there, or has one that the index does not put there
 */
export function shards(path: string, open: (path: string) => TensorFile): readonly TensorFile[] {
  const places = Object.entries(weightMap(path));
  const files = new Map<string, Set<string>>();
  for (const [tensor, file] of places) {
    if (typeof file !== "string" || !/^[\w.-]+\.safetensors$/.test(file))
      return fail(`${path}: file of ${tensor}`, "the name of a safetensors file beside the index", file);
    files.set(file, (files.get(file) ?? new Set()).add(tensor));
  }
  if (files.size === 0) fail(`${path}: weight_map`, "at least one tensor", {});
  const parts = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, expected]) => {
      const part = openShard(path, file, open);
      return { file, expected, part, names: new Set(part.tensors.map(({ name }) => name)) };
    });
  for (const { file, expected, names } of parts)
    for (const tensor of expected) {
      if (names.has(tensor)) continue;
      const elsewhere = parts.find((other) => other.names.has(tensor))?.file ?? "no file";
      throw new Error(`${path}: ${tensor}: expected in ${file}, as the index says, got it in ${elsewhere}`);
    }
  for (const { file, expected, names } of parts)
    for (const tensor of names)
      if (!expected.has(tensor)) fail(`${path}: ${file}`, "the tensors that the index puts there", tensor);
  return parts.map(({ part }) => part);
}

function openShard(path: string, file: string, open: (path: string) => TensorFile): TensorFile {
  try {
    return open(join(dirname(path), file));
  } catch (error) {
    throw new Error(`${path}: ${file}, which the index names: ${messageOf(error)}`);
  }
}

function weightMap(path: string): object {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new Error(`model file: expected an index at ${show(path)}, got nothing there`);
  if (size > LONGEST_INDEX) fail(`${path}: size`, `at most ${LONGEST_INDEX} bytes for an index`, size);
  let index: unknown;
  try {
    index = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`${path}: expected an index in JSON, got ${String(error)}`);
  }
  const map = (index as { readonly weight_map?: unknown } | null)?.weight_map;
  return typeof map === "object" && map !== null && !Array.isArray(map)
    ? map
    : fail(`${path}: weight_map`, "an object from tensors to files", map);
}
