import { createHash } from "node:crypto";
import { readFileSync, truncateSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openGguf } from "../../src/weights/gguf";
import { ggufParts } from "../../src/weights/gguf-parts";
import { huggingFaceName, interleavedRow } from "../../src/weights/gguf-names";
import { readSafetensors } from "../../src/weights/safetensors";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("weights/gguf");
const place = scratch();
test.after(() => place.remove());

const TINY = "test/fixtures/weights/tiny-llama.gguf";
const original = readFileSync(TINY);
const opened = (bytes: Buffer): unknown => openGguf(place.file("mutated.gguf", bytes));

/** The tiny file with the bytes after the first occurrence of `key` (and `skip` more) changed. */
function changed(key: string, skip: number, write: (bytes: Buffer, at: number) => void): Buffer {
  const bytes = Buffer.from(original);
  const at = bytes.indexOf(key);
  assert.ok(at > 0, `${key} is in the file`);
  write(bytes, at + key.length + skip);
  return bytes;
}

test("a head's rows are put back: of 4 interleaved rows 0 2 1 3 are the halves", () => {
  assert.equal([0, 1, 2, 3].map(interleavedRow(4)), [0, 2, 1, 3]);
  assert.equal([6, 7, 8, 9, 10, 11].map(interleavedRow(6)), [6, 8, 10, 7, 9, 11]);
});

test("every row has its own place", () => {
  for (const headSize of [2, 8, 64]) {
    const rows = Array.from({ length: 3 * headSize }, (_, row) => interleavedRow(headSize)(row));
    assert.equal(
      [...rows].sort((a, b) => a - b),
      Array.from({ length: 3 * headSize }, (_, row) => row),
    );
  }
});

test("every type decodes to what the gguf package gives, under Hugging Face names, query and key rows in order", () => {
  const weights = openGguf(TINY);
  const { tensors } = readSafetensors("test/fixtures/weights/tiny-llama.safetensors");
  assert.equal([...weights.names()].sort(), tensors.map(({ name }) => name).sort());
  for (const { name, shape, data } of tensors) {
    if (shape.length === 1) {
      assert.equal(weights.vector(name, shape[0]!).read(), data, name);
      continue;
    }
    const [rows, width] = shape as [number, number];
    const matrix = weights.matrix(name, [rows, width]);
    assert.equal(matrix.read(), data, name);
    const picked = [rows - 1, 0, 3, 3];
    assert.equal(
      matrix.rows(picked),
      Float32Array.from(picked.flatMap((row) => [...data.subarray(row * width, (row + 1) * width)])),
      name,
    );
  }
});

test("blocks of random bytes of every other quantized type decode to the bits that the gguf package gives", () => {
  const expected = JSON.parse(readFileSync("test/fixtures/weights/blocks-llama.json", "utf8")) as Record<
    string,
    { readonly type: string; readonly shape: number[]; readonly first: number[]; readonly sha256: string }
  >;
  const weights = openGguf("test/fixtures/weights/blocks-llama.gguf");
  assert.equal([...weights.names()].sort(), Object.keys(expected).sort());
  for (const [name, { type, shape, first, sha256 }] of Object.entries(expected)) {
    const [rows, width] = shape as [number, number | undefined];
    const values = width === undefined ? weights.vector(name, rows).read() : weights.matrix(name, [rows, width]).read();
    assert.equal([...values.subarray(0, 8)], first, `${name} in ${type}`);
    const digest = createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex");
    assert.is(digest, sha256, `${name} in ${type}`);
    if (width === undefined) continue;
    const picked = weights.matrix(name, [rows, width]).rows([rows - 1, 1]);
    assert.equal(picked.subarray(0, width), values.subarray((rows - 1) * width), name);
    assert.equal(picked.subarray(width), values.subarray(width, 2 * width), name);
  }
  const types = new Set(Object.values(expected).map(({ type }) => type));
  assert.equal([...types].sort(), "F32 IQ4_NL IQ4_XS Q2_K Q3_K Q4_K Q5_0 Q5_1 Q5_K Q6_K".split(" "));
});

test("a model in two files is the same model, opened by either", () => {
  const whole = openGguf(TINY);
  for (const part of [1, 2]) {
    const weights = openGguf(`test/fixtures/weights/parts-llama-0000${part}-of-00002.gguf`);
    assert.equal([...weights.names()].sort(), [...whole.names()].sort());
    assert.equal(weights.config, whole.config);
    for (const name of ["model.layers.0.self_attn.q_proj.weight", "lm_head.weight"]) {
      const shape = name === "lm_head.weight" ? ([40, 64] as const) : ([64, 64] as const);
      assert.equal(weights.matrix(name, shape).read(), whole.matrix(name, shape).read(), name);
    }
  }
  assert.equal(ggufParts("folder/m-00002-of-00003.gguf"), [
    "folder/m-00001-of-00003.gguf",
    "folder/m-00002-of-00003.gguf",
    "folder/m-00003-of-00003.gguf",
  ]);
  assert.equal(ggufParts("plain.gguf"), ["plain.gguf"]);
});

test("parts that are missing, swapped or renamed are refused", () => {
  const part = (number: number): Buffer =>
    readFileSync(`test/fixtures/weights/parts-llama-0000${number}-of-00002.gguf`);
  const alone = place.file("alone-00001-of-00002.gguf", part(1));
  throwsWith(() => openGguf(alone), /expected a file at .*alone-00002-of-00002\.gguf", got nothing there/);
  const renamed = place.file("renamed.gguf", part(1));
  throwsWith(() => openGguf(renamed), /split\.count: expected 1, as file names .* say, got 2/);
  const swapped = place.file("swapped-00001-of-00002.gguf", part(2));
  place.file("swapped-00002-of-00002.gguf", part(1));
  throwsWith(() => openGguf(swapped), /split\.no: expected 0, as the file's name says, got 1/);
  const twice = place.file("whole-00001-of-00002.gguf", original);
  place.file("whole-00002-of-00002.gguf", original);
  throwsWith(() => openGguf(twice), /split\.count: expected 2/);
});

test("metadata values of all kinds are read, 64-bit numbers beyond 2^53 as bigint", () => {
  const { metadata } = openGguf(TINY);
  assert.is(metadata.get("test.large"), 2n ** 60n);
  assert.is(metadata.get("test.negative"), -7);
  assert.is(metadata.get("test.true"), true);
  assert.equal(metadata.get("test.words"), ["a", "\ufeffb", "été", ""]);
});

test("the configuration is Hugging Face's; an output tensor means an untied head", () => {
  assert.equal(openGguf(TINY).config, {
    model_type: "llama",
    hidden_size: 64,
    intermediate_size: 96,
    num_hidden_layers: 1,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 16,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    max_position_embeddings: 128,
    vocab_size: 40,
    tie_word_embeddings: false,
    hidden_act: "silu",
  });
});

test("only tensors of a Llama or Qwen2 have names", () => {
  assert.is(huggingFaceName("blk.12.ffn_down.weight"), "model.layers.12.mlp.down_proj.weight");
  assert.is(huggingFaceName("blk.0.attn_q.bias"), "model.layers.0.self_attn.q_proj.bias");
  for (const name of [
    "blk.0.attn_norm.bias",
    "blk.0.attn_q_norm.weight",
    "blk.0.ffn_gate_exps.weight",
    "blk.x.attn_q.weight",
    "",
  ]) {
    throwsWith(() => huggingFaceName(name), /tensor: expected one of a Llama or Qwen2, got/);
  }
});

test("another architecture, another kind of file and a newer version are refused", () => {
  throwsWith(
    () => opened(changed("general.architecture", 12, (bytes, at) => bytes.write("gemma", at))),
    /general\.architecture: expected "llama" or "qwen2", got "gemma"/,
  );
  throwsWith(() => openGguf("test/fixtures/weights/types.safetensors"), /expected a GGUF file, got a safetensors file/);
  const version = Buffer.from(original);
  version.writeUInt32LE(4, 4);
  throwsWith(() => opened(version), /GGUF version: expected 2 or 3, little-endian, got 4/);
});

test("a truncated file is refused wherever it ends", () => {
  for (let length = 0; length < original.length; length += length < 4096 ? 61 : 1500) {
    throwsWith(() => opened(original.subarray(0, length)), /expected .*, got /);
  }
});

test("counts and lengths beyond the file are refused before anything is allocated", () => {
  for (const at of [8, 16]) {
    const bytes = Buffer.from(original);
    bytes.writeBigUInt64LE(2n ** 62n, at);
    throwsWith(
      () => opened(bytes),
      /number of (tensors|metadata entries): expected at most \d+, .*, got 4611686018427387904/,
    );
  }
  throwsWith(
    () => opened(changed("general.architecture", 4, (bytes, at) => bytes.writeBigUInt64LE(10n ** 15n, at))),
    /length of general\.architecture/,
  );
  throwsWith(
    () => opened(changed("test.words", 8, (bytes, at) => bytes.writeBigUInt64LE(10n ** 12n, at))),
    /length of test\.words/,
  );
});

test("a large file whose damaged count asks for a huge list is refused before the list is made", () => {
  const bytes = Buffer.from(original);
  const at = bytes.indexOf("test.words") + "test.words".length;
  bytes.writeUInt32LE(0, at + 4); // bytes instead of texts
  bytes.writeBigUInt64LE(2n ** 29n, at + 8);
  const path = place.file("large.gguf", bytes);
  truncateSync(path, 2 ** 30);
  throwsWith(
    () => openGguf(path),
    /length of test\.words: expected at most 10000000 values in all arrays, got 536870912/,
  );
  // A text of that length is a header of that length.
  const text = Buffer.from(original);
  text.writeUInt32LE(8, at);
  text.writeBigUInt64LE(2n ** 29n, at + 4);
  place.file("large.gguf", text);
  truncateSync(path, 2 ** 30);
  throwsWith(() => openGguf(path), /header: expected at most 268435456 bytes/);
});

test("bad tensor descriptions are refused by name", () => {
  // After the name: axes u32, two axes u64, type u32, offset u64.
  const query = (skip: number, write: (bytes: Buffer, at: number) => void): Buffer =>
    changed("blk.0.attn_q.weight", skip, write);
  throwsWith(
    () => opened(query(0, (bytes, at) => bytes.writeUInt32LE(5, at))),
    /axes of .*blk\.0\.attn_q\.weight: expected at most 4, got 5/,
  );
  throwsWith(
    () => opened(query(4, (bytes, at) => bytes.writeBigUInt64LE(65n, at))),
    /width of .*attn_q\.weight: expected a multiple of 32 for Q4_1, got 65/,
  );
  throwsWith(() => opened(query(12, (bytes, at) => bytes.writeBigUInt64LE(2n ** 63n, at))), /shape of .*attn_q/);
  throwsWith(
    () => opened(query(20, (bytes, at) => bytes.writeUInt32LE(16, at))),
    /type of .*attn_q\.weight: expected one of F32, .*, got "IQ2_XXS"/,
  );
  throwsWith(
    () => opened(query(24, (bytes, at) => bytes.writeBigUInt64LE(7n, at))),
    /offset of .*attn_q\.weight: expected a multiple of 32, got 7/,
  );
  throwsWith(
    () => opened(query(24, (bytes, at) => bytes.writeBigUInt64LE(2n ** 40n, at))),
    /attn_q\.weight \(truncated file\?\): expected bytes inside/,
  );
  throwsWith(() => opened(query(24, (bytes, at) => bytes.writeBigUInt64LE(0n, at))), /expected bytes after those of/);
  throwsWith(
    () => opened(query(-19, (bytes, at) => bytes.write("blk.0.attn_k.weight", at))),
    /tensor name: expected distinct names|tensor: expected/,
  );
});

test("a partial or scaled rotary embedding is refused, not ignored", () => {
  throwsWith(
    () => opened(changed("llama.rope.dimension_count", 4, (bytes, at) => bytes.writeUInt32LE(8, at))),
    /llama\.rope\.dimension_count: expected the head size 16, got 8/,
  );
});

test.run();
