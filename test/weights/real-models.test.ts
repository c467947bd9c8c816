import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Weights } from "../../src/model/model";
import { openGguf } from "../../src/weights/gguf";
import { openSafetensors } from "../../src/weights/safetensors";
import { findModel, missingModel } from "../support/models";
import { skipUnless } from "../support/skip";

const test = suite("weights/real-models");
const minilm = findModel("minilm");
const smollm2 = findModel("smollm2");
const withMinilm = skipUnless(minilm !== null, missingModel("minilm"));
const withSmollm2 = skipUnless(smollm2 !== null, missingModel("smollm2"));

interface Digest {
  readonly name: string;
  readonly shape: readonly number[];
  readonly sha256: string;
}

/** The fp32 bytes of every tensor are those that transformers holds after loading the same file. */
function sameTensors(weights: Weights, expected: string, alone: readonly string[]): void {
  const { tensors } = JSON.parse(readFileSync(expected, "utf8")) as { readonly tensors: readonly Digest[] };
  assert.equal([...tensors.map(({ name }) => name), ...alone].sort(), [...weights.names()].sort());
  for (const { name, shape, sha256 } of tensors) {
    const [rows, width] = shape as [number, number];
    const stored = shape.length === 1 ? weights.vector(name, rows) : weights.matrix(name, [rows, width]);
    assert.is(createHash("sha256").update(new Uint8Array(stored.read().buffer)).digest("hex"), sha256, name);
  }
}

withMinilm(test, "MiniLM's tensors have the bits that transformers loads", () => {
  const weights = openSafetensors(minilm!.weights);
  assert.is(weights.names().length, 103);
  assert.not(weights.has("embeddings.position_ids"));
  sameTensors(weights, "test/fixtures/weights/minilm-expected.json", ["pooler.dense.bias", "pooler.dense.weight"]);
});

withSmollm2(test, "SmolLM2's tensors, decoded and put back in order, have the bits that transformers loads", () => {
  const weights = openGguf(smollm2!.weights);
  assert.is(weights.names().length, 272);
  sameTensors(weights, "test/fixtures/weights/smollm2-expected.json", []);
});

withSmollm2(test, "SmolLM2's configuration: 30 layers of 576, 9 heads for 3, tied head", () => {
  const { config } = openGguf(smollm2!.weights);
  assert.equal([config.num_hidden_layers, config.hidden_size, config.intermediate_size], [30, 576, 1536]);
  assert.equal([config.num_attention_heads, config.num_key_value_heads, config.head_dim], [9, 3, 64]);
  assert.equal([config.rope_theta, config.rms_norm_eps, config.vocab_size], [100000, 1e-5, 49152]);
  assert.ok(config.tie_word_embeddings);
});

test.run();
