import { readFileSync } from "node:fs";
import type { TokenBatch } from "../../src/engine/session";
import type { Model } from "../../src/model/model";
import { modelOf } from "../../src/model/model-of";
import { openSafetensors } from "../../src/weights/safetensors";

export type TinyModelName = "bert" | "llama" | "llama-tied";

/** What `test/fixtures/models/make.py` wrote of a model. */
export interface TinyModel {
  readonly model: Model;
  readonly batch: TokenBatch;
  /** [texts][width], from transformers in float64. */
  readonly features: readonly (readonly number[])[];
  /** [texts][vocabulary]; Llama only. */
  readonly logits: readonly (readonly number[])[] | null;
}

/** A tiny random checkpoint with its texts and expected features. */
export function tinyModel(name: TinyModelName): TinyModel {
  const folder = `test/fixtures/models/${name}`;
  const config: unknown = readJson(`${folder}/config.json`);
  const weights = openSafetensors(`${folder}/model.safetensors`);
  const expected = readJson(`${folder}/expected.json`) as {
    readonly ids: readonly (readonly number[])[];
    readonly scored: readonly number[];
    readonly features: readonly (readonly number[])[];
    readonly logits?: readonly (readonly number[])[];
  };
  return {
    model: modelOf(config, weights),
    batch: { ids: expected.ids, scored: expected.scored },
    features: expected.features,
    logits: expected.logits ?? null,
  };
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}
