import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { modelOf } from "../../src/model/model-of";
import { tokenizerFromJson } from "../../src/text/json-tokenizer";
import { tokenizerFromSentencePiece } from "../../src/text/sentencepiece-tokenizer";
import { loadAdapter } from "../../src/weights/adapter-file";
import { openGguf } from "../../src/weights/gguf";
import { readGgufHeader } from "../../src/weights/gguf-header";
import { loadPeft } from "../../src/weights/peft-folder";
import { openRange } from "../../src/weights/range-file";
import { openSafetensors, readSafetensors } from "../../src/weights/safetensors";
import { generator, mutated, mutatedHeader, mutatedNumbers } from "./mutate";
import { tinyModel, tinyModelNames, tinyWeights } from "./tiny-models";
import type { TinyModelName } from "./tiny-models";

export const READERS = ["safetensors", "gguf", "config", "tokenizer", "pieces", "adapter", "peft"] as const;
export type Reader = (typeof READERS)[number];

const FILES: Readonly<Record<Reader, readonly string[]>> = {
  safetensors: ["test/fixtures/weights/types.safetensors"],
  gguf: ["test/fixtures/weights/tiny-llama.gguf", "test/fixtures/weights/blocks-llama.gguf"],
  config: tinyModelNames.map((name) => `test/fixtures/models/${name}/config.json`),
  tokenizer: ["gpt-2", "gpt-2-prefix", "llama-3", "qwen-2"].map((name) => `test/fixtures/text/${name}.json`),
  pieces: ["test/fixtures/text/pieces.model", "test/fixtures/text/pieces-fewer-spaces.model"],
  adapter: ["test/fixtures/models/llama-tied/config.json"],
  peft: ["test/fixtures/peft/llama/adapter_config.json"],
};

/** The damaged file of a number: the same bytes always. */
export function damaged(reader: Reader, seed: number, index: number): Buffer {
  const random = generator(seed * 1_000_003 + index);
  const path = FILES[reader][Math.floor(random() * FILES[reader].length)]!;
  if (reader === "tokenizer" || reader === "peft") return mutatedNumbers(readFileSync(path, "utf8"), random);
  if (reader === "config") {
    const name = path.split("/").at(-2)!;
    const config = mutatedNumbers(readFileSync(path, "utf8"), random).toString();
    return Buffer.from(`{"fixture":"${name}",${config.slice(config.indexOf("{") + 1)}`);
  }
  if (reader === "adapter") return damagedAdapter(random);
  const original = originalOf(path);
  if (reader === "safetensors")
    return random() < 0.5 ? mutatedHeader(original.bytes, random) : mutated(original.bytes, original.header, random);
  return mutated(original.bytes, original.header, random);
}

/** A saved adapter whose specification or layout has other numbers. */
function damagedAdapter(random: () => number): Buffer {
  const spec = { kind: "lora", rank: 2, alpha: 4, targets: ["query"] } as const;
  const { layout } = makeAdapter(spec, tinyModel("llama-tied").model.sites);
  const [first, second] = [
    JSON.stringify(spec),
    JSON.stringify(layout.entries.map(({ name, shape, decay }) => ({ name, shape, decay }))),
  ];
  const which = random() < 0.3;
  const metadata = {
    format: "adazeta-adapter-1",
    model: "m",
    note: "",
    spec: which ? mutatedNumbers(first, random).toString() : first,
    layout: which ? second : mutatedNumbers(second, random).toString(),
  };
  const tensors = layout.entries.map(({ name, shape, offset, size }) => [
    name,
    { dtype: "F32", shape, data_offsets: [4 * offset, 4 * (offset + size)] },
  ]);
  const header = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(tensors) }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(4 * layout.size)]);
}

const known = new Map<string, { readonly bytes: Buffer; readonly header: number }>();

function originalOf(path: string): { readonly bytes: Buffer; readonly header: number } {
  const found = known.get(path);
  if (found) return found;
  const bytes = readFileSync(path);
  const header = path.endsWith(".model")
    ? bytes.length
    : path.endsWith(".gguf")
      ? readGgufHeader(openRange(path)).dataStart
      : 8 + Number(bytes.readBigUInt64LE(0));
  known.set(path, { bytes, header });
  return { bytes, header };
}

/** Opens a file and reads all that is in it: null where that went well, else the error. */
export function attempt(reader: Reader, path: string): unknown {
  try {
    switch (reader) {
      case "config": {
        const { fixture, ...config } = JSON.parse(readFileSync(path, "utf8")) as { readonly fixture: TinyModelName };
        const { sites, layers } = modelOf(config, openSafetensors(tinyWeights(fixture)));
        makeAdapter({ kind: "lora", rank: 2, alpha: 4, targets: ["query"] }, sites).initial(layers);
        return null;
      }
      case "tokenizer":
        tokenizerFromJson(path).encode("a few words");
        return null;
      case "pieces":
        tokenizerFromSentencePiece(path).encode("a few words");
        return null;
      case "adapter": {
        const { spec } = loadAdapter(path);
        makeAdapter(spec, tinyModel("llama-tied").model);
        return null;
      }
      case "peft": {
        const folder = `${path}.folder`;
        mkdirSync(folder, { recursive: true });
        copyFileSync(path, `${folder}/adapter_config.json`);
        copyFileSync("test/fixtures/peft/llama/adapter_model.safetensors", `${folder}/adapter_model.safetensors`);
        loadPeft(folder, tinyModel("llama-tied").model);
        return null;
      }
    }
    if (reader === "safetensors") {
      openSafetensors(path);
      readSafetensors(path);
      return null;
    }
    const weights = openGguf(path);
    modelOf(weights.config, weights);
    const { hidden_size, intermediate_size, num_attention_heads, num_key_value_heads, head_dim, vocab_size } =
      weights.config;
    const shapes: readonly (readonly [string, readonly [number, number] | number])[] = [
      ["model.embed_tokens.weight", [vocab_size, hidden_size]],
      ["lm_head.weight", [vocab_size, hidden_size]],
      ["model.norm.weight", hidden_size],
      ["model.layers.0.self_attn.q_proj.weight", [num_attention_heads * head_dim, hidden_size]],
      ["model.layers.0.self_attn.k_proj.weight", [num_key_value_heads * head_dim, hidden_size]],
      ["model.layers.0.self_attn.o_proj.weight", [hidden_size, num_attention_heads * head_dim]],
      ["model.layers.0.mlp.gate_proj.weight", [intermediate_size, hidden_size]],
      ["model.layers.0.mlp.down_proj.weight", [hidden_size, intermediate_size]],
    ];
    for (const [name, shape] of shapes)
      if (typeof shape === "number") weights.vector(name, shape).read();
      else weights.matrix(name, shape).read();
    return null;
  } catch (error) {
    return error;
  }
}

/** What is wrong with the way a file was refused; null: it is an error made for people. */
export function complaint(error: unknown): string | null {
  if (error === null) return null;
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  if (error.name !== "Error") return `${error.name}: ${error.message.slice(0, 200)}`;
  if (error.message.length < 10 || error.message.length > 1000)
    return `a message of ${error.message.length} characters`;
  return null;
}
