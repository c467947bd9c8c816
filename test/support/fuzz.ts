import { readFileSync } from "node:fs";
import { openGguf } from "../../src/weights/gguf";
import { readGgufHeader } from "../../src/weights/gguf-header";
import { openRange } from "../../src/weights/range-file";
import { openSafetensors, readSafetensors } from "../../src/weights/safetensors";
import { generator, mutated, mutatedHeader } from "./mutate";

export type Reader = "safetensors" | "gguf";
export const READERS: readonly Reader[] = ["safetensors", "gguf"];

const FILES: Readonly<Record<Reader, readonly string[]>> = {
  safetensors: ["test/fixtures/weights/types.safetensors"],
  gguf: ["test/fixtures/weights/tiny-llama.gguf", "test/fixtures/weights/blocks-llama.gguf"],
};

/** The damaged file of a number: the same bytes always. */
export function damaged(reader: Reader, seed: number, index: number): Buffer {
  const random = generator(seed * 1_000_003 + index);
  const path = FILES[reader][Math.floor(random() * FILES[reader].length)]!;
  const original = originalOf(path);
  if (reader === "safetensors")
    return random() < 0.5 ? mutatedHeader(original.bytes, random) : mutated(original.bytes, original.header, random);
  return mutated(original.bytes, original.header, random);
}

const known = new Map<string, { readonly bytes: Buffer; readonly header: number }>();

function originalOf(path: string): { readonly bytes: Buffer; readonly header: number } {
  const found = known.get(path);
  if (found) return found;
  const bytes = readFileSync(path);
  const header = path.endsWith(".gguf")
    ? readGgufHeader(openRange(path)).dataStart
    : 8 + Number(bytes.readBigUInt64LE(0));
  known.set(path, { bytes, header });
  return { bytes, header };
}

/** Opens a file and reads all its tensors: null where that went well, else the error. */
export function attempt(reader: Reader, path: string): unknown {
  try {
    if (reader === "safetensors") {
      openSafetensors(path);
      readSafetensors(path);
      return null;
    }
    const weights = openGguf(path);
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
