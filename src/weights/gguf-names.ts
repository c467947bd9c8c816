import { fail } from "../check/check";

const OUTSIDE_LAYERS: ReadonlyMap<string, string> = new Map([
  ["token_embd.weight", "model.embed_tokens.weight"],
  ["output_norm.weight", "model.norm.weight"],
  ["output.weight", "lm_head.weight"],
]);
const IN_LAYER: ReadonlyMap<string, string> = new Map([
  ["attn_norm", "input_layernorm"],
  ["attn_q", "self_attn.q_proj"],
  ["attn_k", "self_attn.k_proj"],
  ["attn_v", "self_attn.v_proj"],
  ["attn_output", "self_attn.o_proj"],
  ["ffn_norm", "post_attention_layernorm"],
  ["ffn_gate", "mlp.gate_proj"],
  ["ffn_up", "mlp.up_proj"],
  ["ffn_down", "mlp.down_proj"],
]);

const turned = (names: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map([...names].map(([gguf, huggingFace]) => [huggingFace, gguf]));
const OUTSIDE_NAMES = turned(OUTSIDE_LAYERS);
const IN_LAYER_NAMES = turned(IN_LAYER);

/** Divisors of the rotary frequencies, which become a part of the configuration. */
export const ROPE_FACTORS = "rope_freqs.weight";

/**
 * Gives the Hugging Face name of a tensor of a Llama, Mistral or Qwen2 in a GGUF file.
 * @example huggingFaceName("blk.3.attn_q.weight") // "model.layers.3.self_attn.q_proj.weight"
 * @throws for any other tensor (experts, norms of queries and keys): a model that ignored it would compute something else
 */
export function huggingFaceName(name: string): string {
  const outside = OUTSIDE_LAYERS.get(name);
  if (outside) return outside;
  const [, layer, part = "", kind] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
  const inside = IN_LAYER.get(part);
  const known = inside !== undefined && !(kind === "bias" && part.endsWith("norm"));
  return known ? `model.layers.${layer}.${inside}.${kind}` : fail("tensor", "one of a Llama or Qwen2", name);
}

/**
 * Gives the name in a GGUF file of a tensor that Hugging Face calls so, with its "model." in front or without.
 * @example ggufName("model.layers.3.self_attn.q_proj.weight") // "blk.3.attn_q.weight"
 * @throws for any other tensor
 */
export function ggufName(name: string): string {
  const whole = name.startsWith("model.") || name.startsWith("lm_head.") ? name : `model.${name}`;
  const outside = OUTSIDE_NAMES.get(whole);
  if (outside) return outside;
  const [, layer, part = "", kind] = /^model\.layers\.(\d+)\.([\w.]+)\.(weight|bias)$/.exec(whole) ?? [];
  const inside = IN_LAYER_NAMES.get(part);
  return inside === undefined ? fail("tensor", "one of a Llama or Qwen2", name) : `blk.${layer}.${inside}.${kind}`;
}

/** Says whether the rows of a tensor, by its name at Hugging Face, are those that llama.cpp interleaves. */
export function isRotated(name: string): boolean {
  return /(^|\.)self_attn\.[qk]_proj\.(weight|bias)$/.test(name);
}

/**
 * Says where row r of a Hugging Face query or key projection lies in a GGUF file. llama.cpp stores each head's two halves
 * interleaved, for rotary pairs (2i, 2i + 1): Hugging Face's row (half j, i) of a head is row 2i + j there.
 * @example [0, 1, 2, 3].map(interleavedRow(4)) // [0, 2, 1, 3]
 * Source: `permute` in llama.cpp's convert_hf_to_gguf.py, inverted.
 */
export function interleavedRow(headSize: number): (row: number) => number {
  const half = headSize / 2;
  return (row) => {
    const inHead = row % headSize;
    return row - inHead + 2 * (inHead % half) + Math.floor(inHead / half);
  };
}
