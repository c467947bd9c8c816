import { readFileSync } from "node:fs";
import type { TokenBatch } from "../../src/engine/session";
import type { Model } from "../../src/model/model";
import { modelOf } from "../../src/model/model-of";
import { openSafetensors } from "../../src/weights/safetensors";

/** The folder whose weights each variant has; its own unless it differs in its configuration alone. */
const VARIANTS = {
  bert: "bert",
  "bert-masked": "bert-masked",
  roberta: "roberta",
  "roberta-masked": "roberta-masked",
  "roberta-untied": "roberta-untied",
  llama: "llama",
  "llama-tied": "llama-tied",
  "llama-biases": "llama-biases",
  "llama-linear": "llama-tied",
  "llama-dynamic": "llama-tied",
  llama3: "llama-tied",
  "llama-yarn": "llama-tied",
  mistral: "llama-tied",
  qwen2: "qwen2",
  "qwen2-window": "qwen2",
  opt: "opt",
  "opt-post-norm": "opt-post-norm",
} as const;

export type TinyModelName = keyof typeof VARIANTS;
export const tinyModelNames = Object.keys(VARIANTS) as readonly TinyModelName[];

/** Where bottleneck adapters sit in this model: before feed-forward layers in a language model, after outputs in an encoder. */
export function tinyPlacement(name: TinyModelName): "llama" | "roberta" {
  return name.startsWith("bert") || name.startsWith("roberta") ? "roberta" : "llama";
}

/** What `test/fixtures/models/make.py` wrote of a model. */
export interface TinyModel {
  readonly model: Model;
  readonly batch: TokenBatch;
  /** [layers + 1][tokens of all texts][width], from transformers in float64. */
  readonly hidden: readonly (readonly (readonly number[])[])[];
  /** [texts][width]; null where transformers gives only the logits behind a masked-LM head. */
  readonly features: readonly (readonly number[])[] | null;
  /** [texts][vocabulary] at the scored positions; null without a language-model head. */
  readonly logits: readonly (readonly number[])[] | null;
}

/** A tiny random checkpoint with its texts and what is expected of them. */
export function tinyModel(name: TinyModelName): TinyModel {
  const folder = `test/fixtures/models/${name}`;
  const model = modelOf(readJson(`${folder}/config.json`), openSafetensors(tinyWeights(name)));
  const expected = readJson(`${folder}/expected.json`) as {
    readonly ids: readonly (readonly number[])[];
    readonly scored: readonly number[];
    readonly hidden: TinyModel["hidden"];
    readonly features?: readonly (readonly number[])[];
    readonly logits?: readonly (readonly number[])[];
  };
  const { ids, scored, hidden, features, logits = null } = expected;
  const causal = model.reading === "causal";
  const starts = ids.map((_, b) => ids.slice(0, b).flat().length);
  const atScored = scored.map((at, b) => hidden[hidden.length - 1][starts[b] + at]);
  return { model, batch: { ids, scored }, hidden, features: features ?? (causal ? atScored : null), logits };
}

/** The path of a variant's weights. */
export function tinyWeights(name: TinyModelName): string {
  return `test/fixtures/models/${VARIANTS[name]}/model.safetensors`;
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}
