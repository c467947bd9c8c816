import { suite } from "uvu";
import * as assert from "uvu/assert";
import { llamaConfig } from "../../src/model/llama";
import { ggufConfig } from "../../src/weights/gguf-config";
import type { GgufMetadata } from "../../src/weights/gguf-header";
import { throwsWith } from "../support/throws";

const test = suite("weights/gguf-config");

const plain = { names: new Set(["token_embd.weight"]), ropeFactors: null };
const fields = {
  block_count: 2,
  context_length: 64,
  embedding_length: 32,
  feed_forward_length: 48,
  vocab_size: 40,
  "attention.head_count": 4,
  "attention.layer_norm_rms_epsilon": 1e-5,
};

/** Metadata of a small model with these fields changed or added. */
function metadata(architecture: string, changes: Readonly<Record<string, number | string>> = {}): GgufMetadata {
  const all = Object.entries({ ...fields, ...changes }).map(
    ([key, value]) => [`${architecture}.${key}`, value] as const,
  );
  return new Map<string, number | string>([["general.architecture", architecture], ...all]);
}

test("the configuration is one that the model reads: heads without a count of their own, tied where there is no output", () => {
  const config = ggufConfig(metadata("llama"), plain);
  assert.equal(llamaConfig(config), {
    hidden: 32,
    heads: 4,
    kvHeads: 4,
    headSize: 8,
    layers: 2,
    intermediate: 48,
    vocabulary: 40,
    context: 64,
    epsilon: 1e-5,
    rotaryBase: 10000,
    tied: true,
  });
  assert.is(ggufConfig(metadata("llama"), { ...plain, names: new Set(["output.weight"]) }).tie_word_embeddings, false);
});

test("biases are those that the file has; Qwen2 has its own", () => {
  const biases = (architecture: string, ...names: readonly string[]) =>
    llamaConfig(ggufConfig(metadata(architecture), { ...plain, names: new Set(names) })).biases;
  assert.equal(biases("llama", "blk.0.attn_q.bias"), ["inputs", "output"]);
  assert.equal(biases("llama", "blk.1.ffn_up.bias"), ["mlp"]);
  assert.equal(biases("qwen2", "blk.0.attn_q.bias"), ["inputs"]);
  for (const name of ["blk.0.attn_output.bias", "blk.1.ffn_up.bias"])
    throwsWith(() => biases("qwen2", name), `tensor: expected biases on query, key and value only, got "${name}"`);
});

test("scaled rotary positions become the model's scaling", () => {
  const scaling = (changes: Readonly<Record<string, number | string>>, ropeFactors: readonly number[] | null = null) =>
    llamaConfig(ggufConfig(metadata("llama", changes), { ...plain, ropeFactors })).scaling;
  const [type, factor] = ["rope.scaling.type", "rope.scaling.factor"];
  assert.is(scaling({ [type]: "none" }), undefined);
  assert.equal(scaling({ [type]: "linear", [factor]: 4 }), { kind: "linear", factor: 4 });
  assert.equal(scaling({ [type]: "yarn", [factor]: 4, "rope.scaling.original_context_length": 16 }), {
    kind: "yarn",
    factor: 4,
    attentionFactor: 0.1 * Math.log(4) + 1,
    fast: 32,
    slow: 1,
    originalContext: 16,
    truncate: true,
  });
  const divisors = [1, 1, 2, 8];
  assert.equal(scaling({}, divisors), { kind: "longrope", divisors, attentionFactor: 1 });
});

test("a window shorter than the context is every layer's", () => {
  const windows = (window: number) =>
    llamaConfig(ggufConfig(metadata("llama", { "attention.sliding_window": window }), plain)).windows;
  assert.equal(windows(16), [16, 16]);
  assert.is(windows(64), undefined);
});

test("more layers than the file has tensors are refused before a list of them is made", () => {
  for (const block_count of [1001, 1e9, 2 ** 32 - 1]) {
    const huge = metadata("llama", { block_count, "attention.sliding_window": 16 });
    throwsWith(() => ggufConfig(huge, plain), "llama.block_count: expected at most 1, as the file has tensors");
  }
});

test("what is not computed is refused by key", () => {
  const refused = (
    changes: Readonly<Record<string, number | string>>,
    message: string,
    ropeFactors: number[] | null = null,
  ) => throwsWith(() => ggufConfig(metadata("qwen2", changes), { ...plain, ropeFactors }), message);
  refused(
    { "rope.scaling.type": "longrope" },
    'qwen2.rope.scaling.type: expected "none", "linear" or "yarn", got "longrope"',
  );
  refused({ "rope.scaling.type": "linear" }, "qwen2.rope.scaling.factor: expected a positive number");
  refused(
    { "rope.scaling.yarn_beta_fast": 8 },
    "qwen2.rope.scaling.yarn_beta_fast: expected no further setting of yarn, got 8",
  );
  refused({ "rope.scaling.attn_factor": 2 }, "qwen2.rope.scaling.attn_factor: expected 1");
  refused({ "rope.scale_linear": 2 }, "qwen2.rope.scale_linear: expected 1");
  refused({ "rope.dimension_count": 4 }, "qwen2.rope.dimension_count: expected the head size 8, got 4");
  refused({ "attention.value_length": 4 }, "qwen2.attention.value_length: expected the key length 8, got 4");
  refused(
    { "attention.sliding_window_pattern": 2 },
    "qwen2.attention.sliding_window_pattern: expected the same attention",
  );
  refused({}, "rope_freqs.weight: expected 4 positive numbers, got [1,2]", [1, 2]);
  refused({ "rope.scaling.type": "linear" }, 'expected "none" beside the tensor rope_freqs.weight', [1, 1, 1, 1]);
  throwsWith(
    () => ggufConfig(metadata("gemma"), plain),
    'general.architecture: expected "llama" or "qwen2", got "gemma"',
  );
});

test.run();
