import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bertConfig } from "../../src/model/bert";
import { llamaConfig } from "../../src/model/llama";
import { optConfig } from "../../src/model/opt";
import { readJson } from "../support/tiny-models";
import { throwsWith } from "../support/throws";

const test = suite("model/config");
const bert = readJson("test/fixtures/models/bert/config.json") as object;
const llama = readJson("test/fixtures/models/llama/config.json") as object;
const opt = {
  model_type: "opt",
  hidden_size: 8,
  num_attention_heads: 2,
  num_hidden_layers: 1,
  ffn_dim: 32,
  vocab_size: 50,
  max_position_embeddings: 16,
};

test("a BERT configuration is read from Hugging Face's config.json", () => {
  assert.equal(bertConfig(bert), {
    family: "bert",
    hidden: 24,
    layers: 2,
    heads: 4,
    intermediate: 40,
    vocabulary: 50,
    positions: 16,
    types: 2,
    epsilon: 1e-12,
  });
});

test("a Llama configuration is read from Hugging Face's config.json, old or new", () => {
  const expected = {
    hidden: 24,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headSize: 6,
    intermediate: 36,
    vocabulary: 50,
    context: 32,
    epsilon: 1e-5,
    rotaryBase: 500,
    tied: false,
  };
  assert.equal(llamaConfig(llama), expected);
  assert.equal(llamaConfig({ ...llama, rope_parameters: null, rope_theta: 500, rope_scaling: null }), expected);
});

test("absent fields of a Llama take the format's defaults", () => {
  const { kvHeads, headSize, rotaryBase, tied } = llamaConfig({
    ...llama,
    num_key_value_heads: null,
    head_dim: null,
    rope_parameters: null,
    tie_word_embeddings: null,
  });
  assert.equal([kvHeads, headSize, rotaryBase, tied], [4, 6, 10000, false]);
});

test("biases and windows are those of the model type and its fields", () => {
  const extras = (fields: object) => {
    const { biases, windows } = llamaConfig({ ...llama, ...fields });
    return [biases, windows];
  };
  assert.equal(extras({}), [undefined, undefined]);
  assert.equal(extras({ attention_bias: true }), [["inputs", "output"], undefined]);
  assert.equal(extras({ mlp_bias: true }), [["mlp"], undefined]);
  assert.equal(extras({ model_type: "mistral", sliding_window: 4096 }), [undefined, [4096, 4096]]);
  assert.equal(extras({ model_type: "mistral", sliding_window: null }), [undefined, undefined]);
  const qwen = { model_type: "qwen2", sliding_window: 4096, max_window_layers: 1 };
  assert.equal(extras({ ...qwen, use_sliding_window: false }), [["inputs"], undefined]);
  assert.equal(extras({ ...qwen, use_sliding_window: true }), [["inputs"], [null, 4096]]);
  assert.equal(extras({ ...qwen, use_sliding_window: true, max_window_layers: 0 }), [["inputs"], [4096, 4096]]);
  const types = (...kinds: readonly string[]) => ({ layer_types: kinds, sliding_window: 8 });
  assert.equal(extras(types("sliding_attention", "full_attention")), [undefined, [8, null]]);
  throwsWith(() => extras(types("full_attention")), /config\.layer_types: expected one for each of 2 layers/);
  throwsWith(
    () => extras(types("full_attention", "chunked_attention")),
    /config\.layer_types: .* got "chunked_attention"/,
  );
});

test("an OPT configuration is read from Hugging Face's config.json; absent fields take the format's defaults", () => {
  assert.equal(optConfig(opt), {
    hidden: 8,
    heads: 2,
    layers: 1,
    intermediate: 32,
    vocabulary: 50,
    context: 16,
    embedding: 8,
    normFirst: true,
    tied: true,
  });
  const { embedding, normFirst } = optConfig({ ...opt, word_embed_proj_dim: 4, do_layer_norm_before: false });
  assert.equal([embedding, normFirst], [4, false]);
});

test("another architecture is refused by name", () => {
  throwsWith(() => bertConfig(llama), /config\.model_type: expected "bert" or "roberta", got "llama"/);
  throwsWith(() => llamaConfig({ model_type: "gpt2" }), /config\.model_type: expected "llama" .*, got "gpt2"/);
  throwsWith(() => optConfig(llama), /config\.model_type: expected "opt", got "llama"/);
  throwsWith(() => llamaConfig([1]), /config: expected a JSON object, got \[1\]/);
});

test("what the definitions do not compute is refused by field", () => {
  throwsWith(() => bertConfig({ ...bert, hidden_act: "relu" }), /config\.hidden_act: expected "gelu" .*, got "relu"/);
  throwsWith(() => bertConfig({ ...bert, position_embedding_type: "relative_key" }), /config\.position_embedding_type/);
  throwsWith(() => bertConfig({ ...bert, is_decoder: true }), /config\.is_decoder: expected false .*, got true/);
  const refused: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ activation_function: "gelu" }, /config\.activation_function: expected "relu" .*, got "gelu"/],
    [{ enable_bias: false }, /config\.enable_bias: expected true .*, got false/],
    [{ _remove_final_layer_norm: true }, /config\._remove_final_layer_norm: expected false .*, got true/],
  ];
  for (const [change, message] of refused) throwsWith(() => optConfig({ ...opt, ...change }), message);
  throwsWith(() => llamaConfig({ ...llama, hidden_act: "gelu" }), /config\.hidden_act: expected "silu"/);
});

test("counts of things that are made one by one are refused where no model has so many, at once", () => {
  for (const huge of [1e9, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    throwsWith(
      () => bertConfig({ ...bert, num_hidden_layers: huge }),
      "config.num_hidden_layers: expected at most 10000",
    );
    throwsWith(
      () => optConfig({ ...opt, num_hidden_layers: huge }),
      "config.num_hidden_layers: expected at most 10000",
    );
    throwsWith(() => llamaConfig({ ...llama, num_hidden_layers: huge }), "config.num_hidden_layers: expected at most");
    throwsWith(() => llamaConfig({ ...llama, head_dim: huge }), "config.head_dim: expected at most 65536");
  }
  const wide = { ...llama, hidden_size: 4e9, num_attention_heads: 4, num_key_value_heads: 4, head_dim: undefined };
  throwsWith(() => llamaConfig(wide), "config.head_dim: expected at most 65536, got 1000000000");
});

test("missing or contradictory numbers are refused by field", () => {
  throwsWith(
    () => bertConfig({ ...bert, hidden_size: undefined }),
    /config\.hidden_size: expected a number, got undefined/,
  );
  throwsWith(
    () => bertConfig({ ...bert, num_hidden_layers: 1.5 }),
    /config\.num_hidden_layers: expected a positive integer/,
  );
  throwsWith(() => bertConfig({ ...bert, num_attention_heads: 5 }), /a divisor of hidden_size 24, got 5/);
  throwsWith(() => llamaConfig({ ...llama, num_key_value_heads: 3 }), /a divisor of num_attention_heads 4, got 3/);
  throwsWith(() => llamaConfig({ ...llama, head_dim: 5 }), /config\.head_dim: expected an even number/);
});

test.run();
