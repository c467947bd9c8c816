import { readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fail, unreachable } from "../check/check";
import type { Model } from "../model/model";
import { modelOf } from "../model/model-of";
import { findKnownModel, knownModel } from "../model/registry";
import { tokenizerFromFolder } from "../text/folder-tokenizer";
import { tokenizerFromGguf } from "../text/gguf-tokenizer";
import type { Tokenizer } from "../text/tokenizer";
import { openGguf } from "../weights/gguf";
import { filesIn, findModelFiles, locateModel } from "../weights/locate-model";
import type { ModelFiles } from "../weights/locate-model";
import { isFolder } from "../weights/safetensors-index";
import { openSafetensors } from "../weights/safetensors";

/** A model with the tokenizer that its texts must go through. */
export interface LoadedModel {
  /** Its short name; of other models what they were opened by. */
  readonly name: string;
  /** For captions, for example "all-MiniLM-L6-v2 (22M encoder)". */
  readonly title: string;
  readonly model: Model;
  readonly tokenizer: Tokenizer;
}

/**
 * Opens definition, weights and tokenizer of a model: by its short name under the given folders, or from a folder (config.json,
 * safetensors in one file or several, tokenizer) or a GGUF file. Weights stay on disk until an engine reads them.
 * @param name a name of the registry, a hub repository that lies under the folders, or a path
 * @throws when its files are in none of the folders (saying what to do), or are damaged; an unknown name lists the nearest
 * @example loadModel("minilm", sitePackages(".venv")).model.width // 384
 */
export function loadModel(name: string, roots: readonly string[]): LoadedModel {
  const found = findModel(name, roots);
  if (found !== null) return found;
  if (findKnownModel(name) === null && /[\\/]/.test(name)) throw new Error(nothingAt(name));
  locateModel(name, roots);
  return fail(`model ${name}`, "its files", "none");
}

/** Opens a model as `loadModel` does; null where there is no such path and nothing of that name under the folders. */
export function findModel(name: string, roots: readonly string[]): LoadedModel | null {
  const known = findKnownModel(name);
  if (known !== null) {
    const files = findModelFiles(known, roots);
    return files === null ? null : opened(known.name, known.title, files);
  }
  const files = filesAt(name) ?? roots.map((root) => filesIn(join(root, name))).find((found) => found !== null) ?? null;
  return files === null ? null : opened(name, basename(resolve(name)), files);
}

/**
 * Opens a model as `loadModel` does, and fetches it where it has to: what is neither a path nor under the folders is taken for a hub repository, by
 * its short name or as "organization/name".
 * For example `await fetchModel("roberta-large", roots, async (repository) => (await hubSnapshot(repository, null, hub)).folder)`.
 * @param fetch brings a repository's files and returns their folder
 * @throws as `loadModel`, and as `fetch`
 */
export async function fetchModel(
  name: string,
  roots: readonly string[],
  fetch: (repository: string) => Promise<string>,
): Promise<LoadedModel> {
  const found = findModel(name, roots);
  if (found !== null) return found;
  if (findKnownModel(name) === null && isPath(name)) throw new Error(nothingAt(name));
  const isRepository = /^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(name);
  const known = isRepository ? findKnownModel(name) : knownModel(name);
  // A packaged model comes from its package: the hub's files are others.
  if (known?.source.kind === "package") return loadModel(known.name, roots);
  const repository = known?.source.repository ?? name;
  const folder = await fetch(repository).catch((error: unknown) => {
    if (known !== null) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`${nothingAt(name)}. Taken for a repository of the hub: ${said}`, { cause: error });
  });
  const files = filesIn(folder) ?? fail(repository, "config.json, weights and a tokenizer, or one GGUF file", folder);
  return opened(known?.name ?? name, known?.title ?? name, files);
}

/** Whether a name is meant for a path of this computer: no repository of the hub is called so. */
function isPath(name: string): boolean {
  return (
    /^[.~/]|^[a-z]:|\\|\/$|\/.*\/|\/\./i.test(name) ||
    /\.(gguf|safetensors|json|bin|pt|pth|ckpt|pkl|h5|onnx|zip|gz)$/i.test(name)
  );
}

function nothingAt(name: string): string {
  const home = name.startsWith("~") ? ` ("~" is not read as the home folder here: write it out)` : "";
  return (
    `model: expected a folder with config.json, safetensors and a tokenizer, or a GGUF file, ` +
    `got ${JSON.stringify(name)}: there is no such folder or file${home}`
  );
}

/** The model files that a path names itself; null where it names none. */
function filesAt(path: string): ModelFiles | null {
  if (isFolder(path))
    return filesIn(path) ?? fail(path, "config.json, safetensors and a tokenizer, or one GGUF file", "neither");
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  return isFile ? { kind: "gguf", weights: path } : null;
}

function opened(name: string, title: string, files: ModelFiles): LoadedModel {
  switch (files.kind) {
    case "safetensors": {
      const { folder, weights } = files;
      const model = modelOf(json(join(folder, "config.json")), openSafetensors(weights));
      return { name, title, model, tokenizer: tokenizerFromFolder(folder) };
    }
    case "gguf": {
      const weights = openGguf(files.weights);
      return { name, title, model: modelOf(weights.config, weights), tokenizer: tokenizerFromGguf(weights.metadata) };
    }
    default:
      return unreachable(files);
  }
}

function json(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch (error) {
    throw new Error(`${path}: expected JSON, got ${error instanceof Error ? error.message : String(error)}`);
  }
}
