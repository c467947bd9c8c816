import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bertConfig } from "../../src/model/bert";
import { llamaConfig } from "../../src/model/llama";
import { readJson } from "../support/tiny-models";

const test = suite("model/config");
const bert = readJson("test/fixtures/models/bert/config.json") as object;
const llama = readJson("test/fixtures/models/llama/config.json") as object;

test("a BERT configuration is read from Hugging Face's config.json", () => {
  assert.equal(bertConfig(bert), {
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
    ...{ num_key_value_heads: null, head_dim: null, rope_parameters: null, tie_word_embeddings: null },
  });
  assert.equal([kvHeads, headSize, rotaryBase, tied], [4, 6, 10000, false]);
});

test("another architecture is refused by name", () => {
  assert.throws(() => bertConfig(llama), /config\.model_type: expected "bert" .*, got "llama"/);
  assert.throws(() => llamaConfig({ model_type: "gpt2" }), /config\.model_type: expected "llama" .*, got "gpt2"/);
  assert.throws(() => llamaConfig([1]), /config: expected a JSON object, got \[1\]/);
});

test("what the definitions do not compute is refused by field", () => {
  assert.throws(
    () => bertConfig({ ...bert, hidden_act: "relu" }),
    /config\.hidden_act: expected "gelu" .*, got "relu"/,
  );
  assert.throws(
    () => bertConfig({ ...bert, position_embedding_type: "relative_key" }),
    /config\.position_embedding_type/,
  );
  assert.throws(
    () => llamaConfig({ ...llama, attention_bias: true }),
    /config\.attention_bias: expected false .*, got true/,
  );
  assert.throws(
    () => llamaConfig({ ...llama, rope_parameters: { rope_type: "llama3", rope_theta: 5e5 } }),
    /config\.rope_scaling: expected "default" .*, got "llama3"/,
  );
});

test("missing or contradictory numbers are refused by field", () => {
  assert.throws(
    () => bertConfig({ ...bert, hidden_size: undefined }),
    /config\.hidden_size: expected a number, got undefined/,
  );
  assert.throws(
    () => bertConfig({ ...bert, num_hidden_layers: 1.5 }),
    /config\.num_hidden_layers: expected a positive integer/,
  );
  assert.throws(() => bertConfig({ ...bert, num_attention_heads: 5 }), /a divisor of hidden_size 24, got 5/);
  assert.throws(() => llamaConfig({ ...llama, num_key_value_heads: 3 }), /a divisor of num_attention_heads 4, got 3/);
  assert.throws(() => llamaConfig({ ...llama, head_dim: 5 }), /config\.head_dim: expected an even number/);
});

test.run();
