import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fail } from "../check/check";
import { writeFolder } from "../disk/whole-folder";
import type { FolderFiles } from "../disk/whole-folder";
import type { Head } from "../model/model";
import { TOKENIZER_FILES, TOKENIZER_NOTES } from "../text/folder-tokenizer";
import { byteLevelFromGguf } from "../text/gguf-tokenizer";
import { openGguf } from "../weights/gguf";
import type { GgufConfig } from "../weights/gguf-config";
import type { GgufMetadata } from "../weights/gguf-header";
import type { ModelFiles } from "../weights/locate-model";
import type { Change } from "../weights/merged-weights";
import { CARD, VERIFICATION } from "../weights/peft-folder";
import { safetensorsParts } from "../weights/safetensors";
import { readTensor } from "../weights/tensor-file";
import { safetensorsOf } from "../weights/write-safetensors";
import type { TypedTensor } from "../weights/write-safetensors";

/** How a merged folder holds its weights, with PyTorch's name. */
export const FOLDER_TYPES = { F32: "float32", F16: "float16", BF16: "bfloat16" } as const;
export type MergedFolderType = keyof typeof FOLDER_TYPES;

const WEIGHTS = "model.safetensors";
const CONFIG = "config.json";

/**
 * Writes a folder that transformers' `from_pretrained` opens, with tuned weights: model.safetensors, config.json, the tokenizer and the chat
 * template. From a folder these are its own files; from a GGUF file they are made of its metadata (byte-level tokenizers).
 * @param head the model's language-model head, if it has one: a copy of a tied table is not written beside the tuned one
 * @throws when a changed weight is not in the base, a number has no place in the type, the base's tokenizer cannot be written, or the
 *   disk does not take it
 */
export function writeMergedFolder(
  to: string,
  base: ModelFiles,
  changes: ReadonlyMap<string, Change>,
  head: Head | null,
  type: MergedFolderType,
  notes: Readonly<Record<string, string>>,
): void {
  const weights = base.kind === "gguf" ? ggufTensors(base.weights, type) : folderTensors(base.weights, head, type);
  const names = new Set(weights.map(({ name }) => name));
  for (const name of changes.keys())
    if (!names.has(name)) fail(`${base.weights}: tensors`, `the weight ${name}, which was tuned`, "none of that name");
  const tensors = weights.map((tensor) => {
    const change = changes.get(tensor.name);
    return change === undefined ? tensor : { ...tensor, read: () => change(tensor.read()) };
  });
  const beside = base.kind === "gguf" ? ggufBeside(base.weights, type) : folderBeside(base.folder, type);
  const files = { [WEIGHTS]: safetensorsOf(tensors, { format: "pt", ...notes }), ...beside };
  writeFolder(to, files, { last: CONFIG, drop: ["model.safetensors.index.json", VERIFICATION, CARD] });
}

function folderTensors(path: string, head: Head | null, type: MergedFolderType): readonly TypedTensor[] {
  return safetensorsParts(path).flatMap(({ file, tensors }) =>
    tensors
      .filter((tensor) => tensor.type !== null && !isTiedCopy(tensor.name, head))
      .map((tensor) => ({ name: tensor.name, shape: tensor.shape, type, read: () => readTensor(file, tensor) })),
  );
}

/** A head's table that some files hold a second time although it is the embeddings'. */
function isTiedCopy(name: string, head: Head | null): boolean {
  return head !== null && head.weight.name !== name && /(^|\.)(lm_head|decoder)\.weight$/.test(name);
}

function ggufTensors(path: string, type: MergedFolderType): readonly TypedTensor[] {
  const { config, ...weights } = openGguf(path);
  const heads = config.num_attention_heads * config.head_dim;
  const keys = config.num_key_value_heads * config.head_dim;
  const { hidden_size: hidden, intermediate_size: inner, vocab_size: vocabulary } = config;
  const rows: Readonly<Record<string, readonly [number, number]>> = {
    embed_tokens: [vocabulary, hidden],
    lm_head: [vocabulary, hidden],
    q_proj: [heads, hidden],
    k_proj: [keys, hidden],
    v_proj: [keys, hidden],
    o_proj: [hidden, heads],
    gate_proj: [inner, hidden],
    up_proj: [inner, hidden],
    down_proj: [hidden, inner],
  };
  return weights.names().map((name) => {
    const [module = "", kind] = name.split(".").slice(-2);
    const shape = rows[module] ?? [hidden, 1];
    return kind === "weight" && module in rows
      ? { name, shape, type, read: () => weights.matrix(name, shape).read() }
      : { name, shape: [shape[0]], type, read: () => weights.vector(name, shape[0]).read() };
  });
}

/** Everything at the top of the base's folder that says how a text becomes tokens and how the model is run. */
function folderBeside(folder: string, type: MergedFolderType): FolderFiles {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => /\.(json|jinja|txt|model)$|^licen[cs]e/i.test(name))
    .filter((name) => name !== CONFIG && !/\.index\.json$|^adapter_/.test(name));
  const config = JSON.parse(readFileSync(join(folder, CONFIG), "utf8")) as object;
  return {
    ...Object.fromEntries(names.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))])),
    [CONFIG]: json({ ...config, dtype: FOLDER_TYPES[type], torch_dtype: FOLDER_TYPES[type] }),
  };
}

function ggufBeside(path: string, type: MergedFolderType): FolderFiles {
  const { config, metadata } = openGguf(path);
  const ids = {
    bos_token_id: metadata.get("tokenizer.ggml.bos_token_id") ?? null,
    eos_token_id: metadata.get("tokenizer.ggml.eos_token_id") ?? null,
  };
  return {
    ...ggufTokenizer(path),
    "generation_config.json": json(ids),
    [CONFIG]: json({ ...hubConfig(config), ...ids, dtype: FOLDER_TYPES[type], torch_dtype: FOLDER_TYPES[type] }),
  };
}

function ggufTokenizer(path: string): FolderFiles {
  const { config, metadata } = openGguf(path);
  const { json: tokenizer } = byteLevelFromGguf(metadata);
  return {
    "tokenizer.json": json(tokenizer),
    "tokenizer_config.json": json(tokenizerConfig(metadata, config.max_position_embeddings)),
  };
}

/**
 * Gives the files that say how a base's texts become tokens, for a folder of another kind: a folder's own, or those that a GGUF file's metadata make.
 * @throws when the tokenizer of a GGUF file is of a kind that cannot be written
 */
export function tokenizerFiles(base: ModelFiles): FolderFiles {
  if (base.kind === "gguf") return ggufTokenizer(base.weights);
  const names = [...new Set([...TOKENIZER_FILES.flat(), ...TOKENIZER_NOTES, "added_tokens.json"])];
  const there = names.filter((name) => existsSync(join(base.folder, name)));
  return Object.fromEntries(there.map((name) => [name, new Uint8Array(readFileSync(join(base.folder, name)))]));
}

function tokenizerConfig(metadata: GgufMetadata, longest: number): object {
  const tokens = metadata.get("tokenizer.ggml.tokens") as readonly string[];
  const named = (key: string): string | undefined => {
    const id = metadata.get(`tokenizer.ggml.${key}_token_id`);
    return typeof id === "number" ? tokens[id] : undefined;
  };
  const template = metadata.get("tokenizer.chat_template");
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    model_max_length: longest,
    clean_up_tokenization_spaces: false,
    bos_token: named("bos"),
    eos_token: named("eos"),
    unk_token: named("unknown"),
    pad_token: named("padding"),
    ...(typeof template === "string" ? { chat_template: template } : {}),
  };
}

/** The configuration as transformers needs it: a Llama of GGUF with a window is a Mistral there. */
function hubConfig(config: GgufConfig): object {
  const { rope_scaling: scaling, max_position_embeddings: context } = config;
  const windowed = config.model_type === "llama" && config.sliding_window !== undefined;
  const model_type = windowed ? "mistral" : config.model_type;
  return {
    ...config,
    model_type,
    architectures: [
      { llama: "LlamaForCausalLM", mistral: "MistralForCausalLM", qwen2: "Qwen2ForCausalLM" }[model_type],
    ],
    ...(config.model_type === "qwen2" && config.sliding_window !== undefined ? { use_sliding_window: true } : {}),
    ...(scaling?.rope_type === "longrope"
      ? { rope_scaling: { ...scaling, factor: 1, original_max_position_embeddings: context } }
      : {}),
  };
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** Gives what a base is called in notes: its file's name, or its folder's. */
export function baseName({ weights, kind }: ModelFiles): string {
  return kind === "gguf" ? basename(weights) : basename(dirname(weights));
}
