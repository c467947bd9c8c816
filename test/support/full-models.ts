import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { tasks } from "../../src/task/tasks";
import { causalWords } from "./made-texts";

/** A model of the paper, cut to two layers of its full width. */
export interface FullModel {
  readonly repository: string;
  /** The tiny checkpoint of the same family, whose tensors' names these are. */
  readonly like: "roberta-masked" | "llama";
  readonly config: Readonly<Record<string, unknown>>;
  /** A size of the tiny checkpoint, and what it is here. */
  readonly sizes: Readonly<Record<number, number>>;
  readonly tokenizer: Readonly<Record<string, unknown>>;
}

/** Label words, and what else the causal prompts are made of: each is one token, so that texts are short. */
const WORDS = [
  ..." terrible, great, bad, okay, good, Yes, No, Maybe, Description, Entity, Expression, Human, Location, Number".split(
    ",",
  ),
  ...tasks.flatMap(causalWords),
  ..."Yes,No,Maybe".split(","),
];
const SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"];

/**
 * A byte-level vocabulary in which each of these words is one token, in the two files that GPT-2's tokenizers have. Words with a space
 * come first: a merge that begins a word must not win inside one.
 */
function vocabulary(): { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly string[] } {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 256;
  const alphabet = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
  const tokens = [...SPECIAL, ...alphabet];
  const merges: string[] = [];
  const spaced = (word: string): number => (word.startsWith(" ") ? 0 : 1);
  for (const word of [...new Set(WORDS)].sort((a, b) => spaced(a) - spaced(b))) {
    const letters = [...word.replace(" ", "\u0120")];
    letters.slice(1).reduce((left, letter) => {
      if (!tokens.includes(left + letter)) {
        merges.push(`${left} ${letter}`);
        tokens.push(left + letter);
      }
      return left + letter;
    }, letters[0]);
  }
  return { vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges };
}

const { vocab, merges } = vocabulary();
export const VOCABULARY = Object.keys(vocab).length;

/** RoBERTa-large's width, two layers, with a vocabulary of a few hundred tokens. */
export const robertaLarge: FullModel = {
  repository: "FacebookAI/roberta-large",
  like: "roberta-masked",
  config: {
    hidden_size: 1024,
    intermediate_size: 4096,
    num_attention_heads: 16,
    num_hidden_layers: 2,
    vocab_size: VOCABULARY,
    max_position_embeddings: 514,
  },
  sizes: { 24: 1024, 40: 4096, 50: VOCABULARY, 18: 514 },
  tokenizer: {
    tokenizer_class: "RobertaTokenizer",
    bos_token: "<s>",
    eos_token: "</s>",
    unk_token: "<unk>",
    pad_token: "<pad>",
    mask_token: "<mask>",
  },
};

/** Llama-2-7B's width, two layers: 405 million numbers; its vocabulary and, with it, the kind of its tokenizer are this test's own. */
export const llama2: FullModel = {
  repository: "meta-llama/Llama-2-7b-hf",
  like: "llama",
  config: {
    hidden_size: 4096,
    intermediate_size: 11008,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    head_dim: 128,
    num_hidden_layers: 2,
    vocab_size: VOCABULARY,
    max_position_embeddings: 4096,
    rope_parameters: { rope_theta: 10000, rope_type: "default" },
  },
  sizes: { 24: 4096, 12: 4096, 36: 11008, 50: VOCABULARY },
  tokenizer: {
    tokenizer_class: "GPT2Tokenizer",
    add_bos_token: true,
    bos_token: "<s>",
    eos_token: "</s>",
    unk_token: "<unk>",
  },
};

/** Writes a model's files into a folder: generated weights in bf16. @returns what a hub serves of it */
export function writeFullModel(model: FullModel, folder: string): Readonly<Record<string, string>> {
  mkdirSync(folder, { recursive: true });
  const own = JSON.parse(readFileSync(`test/fixtures/models/${model.like}/config.json`, "utf8")) as object;
  const texts = {
    "config.json": JSON.stringify({ ...own, ...model.config }),
    "vocab.json": JSON.stringify(vocab),
    "merges.txt": `#version: 0.2\n${merges.join("\n")}\n`,
    "tokenizer_config.json": JSON.stringify(model.tokenizer),
  };
  for (const [name, text] of Object.entries(texts)) writeFileSync(`${folder}/${name}`, text);
  writeWeights(model, `${folder}/model.safetensors`);
  return Object.fromEntries([...Object.keys(texts), "model.safetensors"].map((name) => [name, `${folder}/${name}`]));
}

function writeWeights({ like, sizes }: FullModel, path: string): void {
  const bytes = readFileSync(`test/fixtures/models/${like}/model.safetensors`);
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString()) as Record<
    string,
    { readonly shape: readonly number[] }
  >;
  const entries: Record<string, unknown> = {};
  const shapes: (readonly number[])[] = [];
  let end = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const shape = entry.shape.map((size) => sizes[size] ?? size);
    const start = end;
    end += 2 * shape.reduce((a, b) => a * b, 1);
    entries[name] = { dtype: "BF16", shape, data_offsets: [start, end] };
    shapes.push(shape);
  }
  const json = Buffer.from(JSON.stringify(entries).padEnd(Math.ceil(JSON.stringify(entries).length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = openSync(path, "w");
  writeSync(file, length);
  writeSync(file, json);
  shapes.forEach((shape, i) => writeSync(file, numbers(shape, i)));
  closeSync(file);
}

/** Small numbers in bf16, other ones in every tensor; vectors are all 1. */
function numbers(shape: readonly number[], seed: number): Uint8Array {
  const values = new Uint16Array(shape.reduce((a, b) => a * b, 1));
  if (shape.length === 1) values.fill(0x3f80);
  else {
    let state = seed + 1;
    const sign = 0x8000;
    // Exponents of about 1 / sqrt(width), so that sums keep their size: 2^-6 times 1.0 to 1.99.
    for (let i = 0; i < values.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      values[i] = (state & sign) | 0x3c80 | ((state >>> 20) & 0x7f);
    }
  }
  return new Uint8Array(values.buffer);
}
