import { readFileSync } from "node:fs";
import type { LlamaConfig } from "../../src/model/llama";
import type { Weights } from "../../src/model/model";
import { PIECE } from "../../src/text/sentencepiece-file";
import { tokenizerFromPieces } from "../../src/text/sentencepiece-tokenizer";
import type { Tokenizer } from "../../src/text/tokenizer";
import { interleavedRow } from "../../src/weights/gguf-names";
import { frozenMatrix, frozenVector } from "./frozen";

/**
 * A checkpoint of llama2.c (stories260K.bin): seven int32 sizes, then fp32 tensors in a fixed order, each for all layers at once.
 * Rotary pairs are neighbours there, so the rows of query and key are put into halves.
 * Source: karpathy/llama2.c, export.py (legacy_export) and run.c.
 */
export function readLlama2c(path: string): { readonly config: LlamaConfig; readonly weights: Weights } {
  const bytes = readFileSync(path);
  const [hidden, intermediate, layers, heads, kvHeads, vocabulary, context] = Array.from({ length: 7 }, (_, i) =>
    bytes.readInt32LE(4 * i),
  ) as [number, number, number, number, number, number, number];
  if (vocabulary < 0) throw new Error(`${path}: expected a head that is the embedding table, got one of its own`);
  const headSize = hidden / heads;
  const shapes = new Map<string, readonly [number, number] | readonly [number]>();
  const data = new Map<string, Float32Array>();
  let at = 28;
  const take = (name: string, ...shape: readonly [number, number] | readonly [number]): void => {
    const count = shape.reduce((a, b) => a * b, 1);
    shapes.set(name, shape);
    data.set(name, new Float32Array(bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + 4 * count)));
    at += 4 * count;
  };
  const each = (name: string, ...shape: readonly [number, number] | readonly [number]): void => {
    for (let i = 0; i < layers; i++) take(`model.layers.${i}.${name}.weight`, ...shape);
  };
  take("model.embed_tokens.weight", vocabulary, hidden);
  each("input_layernorm", hidden);
  each("self_attn.q_proj", hidden, hidden);
  each("self_attn.k_proj", kvHeads * headSize, hidden);
  each("self_attn.v_proj", kvHeads * headSize, hidden);
  each("self_attn.o_proj", hidden, hidden);
  each("post_attention_layernorm", hidden);
  each("mlp.gate_proj", intermediate, hidden);
  each("mlp.down_proj", hidden, intermediate);
  each("mlp.up_proj", intermediate, hidden);
  take("model.norm.weight", hidden);

  const inHalves = (name: string, values: Float32Array): Float32Array => {
    if (!/\.[qk]_proj\./.test(name)) return values;
    const row = interleavedRow(headSize);
    const width = hidden;
    return Float32Array.from(values, (_, i) => values[row(Math.floor(i / width)) * width + (i % width)]!);
  };
  const read = (name: string, shape: readonly number[]): readonly number[] => {
    const values = data.get(name);
    if (values === undefined || shapes.get(name)!.join() !== shape.join())
      throw new Error(`${path}: expected ${name} [${shape.join(", ")}], got [${shapes.get(name)?.join(", ")}]`);
    return [...inHalves(name, values)];
  };
  return {
    config: {
      hidden,
      layers,
      heads,
      kvHeads,
      headSize,
      intermediate,
      vocabulary,
      context,
      epsilon: 1e-5,
      tied: true,
      rotaryBase: 10000,
    },
    weights: {
      id: path,
      names: () => [...data.keys()],
      has: (name) => data.has(name),
      matrix: (name, shape) => frozenMatrix(name, shape, read(name, shape)),
      vector: (name, size) => frozenVector(name, read(name, [size])),
    },
  };
}

/**
 * A vocabulary of llama2.c (tok512.bin): the longest piece's length, then score, length and text of each piece; spaces are written out.
 * Source: karpathy/llama2.c, tokenizer.py (export).
 */
export function readLlama2cTokenizer(path: string): Tokenizer {
  const bytes = readFileSync(path);
  const pieces: { readonly text: string; readonly score: number; readonly type: number }[] = [];
  const special = ["<unk>", "<s>", "</s>"];
  for (let at = 4; at < bytes.length;) {
    const [score, length] = [bytes.readFloatLE(at), bytes.readInt32LE(at + 4)];
    const text = bytes.toString("utf8", at + 8, at + 8 + length);
    at += 8 + length;
    const id = pieces.length;
    const type = id === 0 ? PIECE.unknown : id < 3 ? PIECE.control : id < 259 ? PIECE.byte : PIECE.normal;
    pieces.push({ text: special[id] ?? text.replaceAll(" ", "▁"), score, type });
  }
  return tokenizerFromPieces({
    pieces,
    dummyPrefix: true,
    removeExtraSpaces: false,
    special: { unknown: "<unk>", beginning: "<s>", end: "</s>" },
    before: "<s>",
    after: null,
  });
}
