import { readFileSync } from "node:fs";
import { unreachable } from "../check/check";
import type { Model } from "../model/model";
import { modelOf } from "../model/model-of";
import { tokenizerFromGguf } from "../text/gguf-tokenizer";
import { tokenizerFromJson } from "../text/json-tokenizer";
import type { Tokenizer } from "../text/tokenizer";
import { openGguf } from "../weights/gguf";
import { locateModel } from "../weights/locate-model";
import type { ModelName } from "../weights/locate-model";
import { openSafetensors } from "../weights/safetensors";

/** A model with the tokenizer that its texts must go through. */
export interface LoadedModel {
  readonly name: ModelName;
  /** For captions, for example "MiniLM-L6 (22M encoder)". */
  readonly title: string;
  readonly model: Model;
  readonly tokenizer: Tokenizer;
}

const TITLES: Readonly<Record<ModelName, string>> = {
  minilm: "all-MiniLM-L6-v2 (22M encoder)",
  smollm2: "SmolLM2-135M-Instruct",
};

/**
 * Finds a model by its short name under the given folders and opens definition, weights and tokenizer. Weights stay on disk
 * until an engine reads them.
 * @throws when its files are in none of the folders (saying what to install), or are damaged
 * @example loadModel("minilm", sitePackages(".venv")).model.width // 384
 */
export function loadModel(name: ModelName, roots: readonly string[]): LoadedModel {
  const files = locateModel(name, roots);
  const title = TITLES[name];
  switch (files.kind) {
    case "safetensors": {
      const config: unknown = JSON.parse(readFileSync(files.config, "utf8"));
      const model = modelOf(config, openSafetensors(files.weights));
      return { name, title, model, tokenizer: tokenizerFromJson(files.tokenizer) };
    }
    case "gguf": {
      const weights = openGguf(files.weights);
      const model = modelOf(weights.config, weights);
      return { name, title, model, tokenizer: tokenizerFromGguf(weights.metadata) };
    }
    default:
      return unreachable(files);
  }
}
