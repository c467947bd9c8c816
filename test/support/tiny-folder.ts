import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { byteLevelJson } from "../../src/text/byte-level";
import { tinyWeights } from "./tiny-models";
import type { TinyModelName } from "./tiny-models";

/** Writes a tiny checkpoint as a folder that opens as a model: its configuration and weights, and a tokenizer of 50 letters. */
export function tinyFolder(name: TinyModelName, folder: string): string {
  mkdirSync(folder, { recursive: true });
  copyFileSync(`test/fixtures/models/${name}/config.json`, join(folder, "config.json"));
  copyFileSync(tinyWeights(name), join(folder, "model.safetensors"));
  const letters = [..."\u0120abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"];
  const vocab = new Map(letters.map((letter, id) => [letter, id]));
  const json = byteLevelJson({ vocab, merges: [], split: "gpt-2", added: [], before: null, after: null });
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(json));
  const config = { tokenizer_class: "PreTrainedTokenizerFast", chat_template: "{{ messages[0]['content'] }}" };
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(config));
  return folder;
}
