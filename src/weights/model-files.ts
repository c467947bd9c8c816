import { fail } from "../check/check";
import { ADVICE } from "./sniff";

const BESIDE = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "chat_template.jinja",
  "special_tokens_map.json",
  "tokenizer.model",
  "sentencepiece.bpe.model",
  "vocab.txt",
  "vocab.json",
  "merges.txt",
  "added_tokens.json",
];

/**
 * Gives the files of a model repository that are needed: configuration, tokenizer, and weights as safetensors (in one file, else in several with
 * their index), else as GGUF where that is the only one or is named.
 * @param gguf - a part of the GGUF file's name, for example "Q4_K_M"
 * @throws when it has weights only as PyTorch pickles (refused), has several GGUF files and none is named, or has no weights at all
 * @example chooseModelFiles(["config.json", "model.safetensors", "pytorch_model.bin"]) // ["config.json", "model.safetensors"]
 */
export function chooseModelFiles(listed: readonly string[], gguf?: string): readonly string[] {
  const beside = BESIDE.filter((name) => listed.includes(name));
  const top = listed.filter((path) => !path.includes("/"));
  const files = gguf === undefined ? safetensors(top) : [];
  if (files.length > 0) return [...beside, ...files];
  const all = top.filter((path) => path.endsWith(".gguf")).sort();
  const named = gguf === undefined ? all : all.filter((path) => path.includes(gguf));
  const models = new Set(named.map((path) => path.replace(/-\d{5}-of-\d{5}\.gguf$/, ".gguf")));
  if (models.size === 1) return [...beside, ...named];
  if (all.length > 0) return fail("GGUF file", `a part of one file's name (${all.join(", ")})`, gguf ?? "several");
  const pickles = top.filter((path) => /\.(bin|pt|pth|ckpt|pkl|h5|msgpack)$/.test(path));
  if (pickles.length > 0)
    throw new Error(`weights: expected safetensors or GGUF, got only ${pickles.join(", ")}: ${ADVICE.pickle}`);
  return fail("weights", "model.safetensors, its index with several files, or a GGUF file", top);
}

function safetensors(top: readonly string[]): readonly string[] {
  if (top.includes("model.safetensors")) return ["model.safetensors"];
  const parts = top.filter((path) => /^model-\d{5}-of-\d{5}\.safetensors$/.test(path)).sort();
  if (top.includes("model.safetensors.index.json") && parts.length > 0)
    return ["model.safetensors.index.json", ...parts];
  const others = top.filter((path) => path.endsWith(".safetensors") && !path.startsWith("adapter"));
  return others.length === 1 ? others : [];
}
