import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fail, unreachable } from "../check/check";
import { messageOf } from "../check/error-words";
import type { Model } from "../model/model";
import { modelOf } from "../model/model-of";
import { chatTemplateFromFolder, chatTemplateFromGguf } from "../text/chat-template";
import type { ChatTemplate } from "../text/chat-template";
import { tokenizerFromFolder } from "../text/folder-tokenizer";
import { tokenizerFromGguf } from "../text/gguf-tokenizer";
import type { Tokenizer } from "../text/tokenizer";
import { openGguf } from "../weights/gguf";
import { filesIn, locateModel } from "../weights/locate-model";
import type { ModelFiles } from "../weights/locate-model";
import { openSafetensors } from "../weights/safetensors";

/** A model with the tokenizer that its texts must go through. */
export interface LoadedModel {
  /** Its short name; of other models what they were opened by. */
  readonly name: string;
  /** For captions, for example "all-MiniLM-L6-v2 (22M encoder)". */
  readonly title: string;
  readonly model: Model;
  readonly tokenizer: Tokenizer;
  /** How it writes a conversation; null: it says nothing of conversations. Absent of a model that was made in memory. */
  readonly chatTemplate?: ChatTemplate | null;
  /** Where its files are; absent of a model that was made in memory. */
  readonly files?: ModelFiles;
}

/**
 * Opens definition, weights and tokenizer of a model: by its short name under the given folders, or from a folder (config.json,
 * safetensors in one file or several, tokenizer) or a GGUF file. Weights stay on disk until an engine reads them.
 * @param name a name of the registry, a hub repository that lies under the folders, or a path
 * @throws when its files are in none of the folders (saying what to do), or are damaged; an unknown name lists the nearest
 * @example loadModel("minilm", sitePackages(".venv")).model.width // 384
 */
export function loadModel(name: string, roots: readonly string[]): LoadedModel {
  const located = locateModel(name, roots);
  if (located.kind !== "here") throw new Error(located.reason);
  return opened(located, located.files);
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
  const located = locateModel(name, roots);
  if (located.kind !== "hub") return loadModel(name, roots);
  const { repository, known, reason } = located;
  const folder = await fetch(repository).catch((error: unknown) => {
    if (known) throw error;
    throw new Error(`${reason}. Taken for a repository of the hub: ${messageOf(error)}`, { cause: error });
  });
  const files = filesIn(folder) ?? fail(repository, "config.json, weights and a tokenizer, or one GGUF file", folder);
  return opened(located, files);
}

function opened({ name, title }: Pick<LoadedModel, "name" | "title">, files: ModelFiles): LoadedModel {
  switch (files.kind) {
    case "safetensors": {
      const { folder, weights } = files;
      const model = modelOf(json(join(folder, "config.json")), openSafetensors(weights));
      const [tokenizer, chatTemplate] = [tokenizerFromFolder(folder), chatTemplateFromFolder(folder)];
      return { name, title, model, tokenizer, chatTemplate, files };
    }
    case "gguf": {
      const weights = openGguf(files.weights);
      return {
        name,
        title,
        model: modelOf(weights.config, weights),
        tokenizer: tokenizerFromGguf(weights.metadata),
        chatTemplate: chatTemplateFromGguf(weights.metadata),
        files,
      };
    }
    default:
      return unreachable(files);
  }
}

function json(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch (error) {
    throw new Error(`${path}: expected JSON, got ${messageOf(error)}`);
  }
}
