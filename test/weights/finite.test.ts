import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { tfjsSession } from "../../src/engine/tfjs/session";
import type { Model, Weights } from "../../src/model/model";
import { modelOf } from "../../src/model/model-of";
import { layoutOf } from "../../src/tree/layout";
import { loadAdapter, saveAdapter } from "../../src/weights/adapter-file";
import { openGguf } from "../../src/weights/gguf";
import { readGgufHeader } from "../../src/weights/gguf-header";
import { huggingFaceName } from "../../src/weights/gguf-names";
import { loadPeft } from "../../src/weights/peft-folder";
import { openRange } from "../../src/weights/range-file";
import { openSafetensors } from "../../src/weights/safetensors";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";
import { readJson, tinyModel } from "../support/tiny-models";

const test = suite("weights/finite");
const place = scratch();
test.after(() => place.remove());

/** Bits of NaN, Infinity and -Infinity, little-endian. */
const BITS = {
  F32: ["0000c07f", "0000807f", "000080ff"],
  F16: ["007e", "007c", "00fc"],
  BF16: ["c07f", "807f", "80ff"],
} as const;
const SAID = ["NaN", "Infinity", "-Infinity"];

/** A safetensors file of one tensor [3, 5] of ones but for one value. */
function withOne(type: keyof typeof BITS, row: number, column: number, bits: string): string {
  const one = { F32: "0000803f", F16: "003c", BF16: "803f" }[type];
  const values = Array.from({ length: 15 }, (_, i) => (i === 5 * row + column ? bits : one)).join("");
  const data = Buffer.from(values, "hex");
  const header = Buffer.from(JSON.stringify({ w: { dtype: type, shape: [3, 5], data_offsets: [0, data.length] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return place.file(`${type}.safetensors`, Buffer.concat([length, header, data]));
}

for (const type of ["F32", "F16", "BF16"] as const)
  test(`safetensors, ${type}: a NaN or an infinity is named by file, tensor and place, read whole or by rows`, () => {
    BITS[type].forEach((bits, i) => {
      const path = withOne(type, 2, 3, bits);
      const matrix = openSafetensors(path).matrix("w", [3, 5]);
      const message = `${path}: w[2, 3]: expected a finite weight, got ${SAID[i]}`;
      throwsWith(() => matrix.read(), message);
      throwsWith(() => matrix.rows([0, 2]), message);
      assert.equal(matrix.rows([1, 0]), new Float32Array(10).fill(1), "rows without it are read");
    });
  });

test("GGUF, every type: a block whose bits are all set, scales included, is named by file and tensor", () => {
  const seen = new Set<string>();
  for (const file of ["tiny-llama", "blocks-llama"]) {
    const original = readFileSync(`test/fixtures/weights/${file}.gguf`);
    const path = place.file(`${file}.gguf`, original);
    const { tensors } = readGgufHeader(openRange(path));
    for (const { name, shape, type, offset, bytes } of tensors) {
      const damaged = Buffer.from(original).fill(255, offset + bytes - type.bytes, offset + bytes);
      writeFileSync(path, damaged);
      const weights = openGguf(path);
      const known = huggingFaceName(name);
      const read = readerOf(weights, known, shape);
      for (const attempt of Object.values(read)) throwsWith(attempt, `${path}: ${known}[`);
      seen.add(type.name);
    }
  }
  assert.ok(seen.size >= 13, [...seen].join(", "));
});

/** All ways to read the last row of a tensor. */
function readerOf(weights: Weights, name: string, shape: readonly number[]): Readonly<Record<string, () => unknown>> {
  const [rows, width] = shape as [number, number?];
  if (width === undefined) return { read: () => weights.vector(name, rows).read() };
  const matrix = weights.matrix(name, [rows, width]);
  const all = Array.from({ length: rows }, (_, i) => i);
  return {
    read: () => matrix.read(),
    rows: () => matrix.rows(all),
    ...(matrix.blocks && { blocks: () => matrix.blocks!.codes(all) }),
  };
}

test("a saved adapter and a PEFT folder with a NaN are refused by file and tensor", () => {
  const path = place.file("adapter.safetensors");
  const layout = layoutOf([{ name: "a", shape: [2, 3], decay: true }]);
  const point = Float32Array.of(1, 2, 3, 4, NaN, 6);
  saveAdapter(path, {
    spec: { kind: "lora", rank: 2, alpha: 1, targets: ["query"] },
    layout,
    point,
    modelId: "m",
    note: "",
  });
  throwsWith(() => loadAdapter(path), `${path}: a[1, 1]: expected a finite weight, got NaN`);
  const folder = place.file("peft");
  const [name] = Object.keys(readJson("test/fixtures/peft/expected.json") as object);
  cpSync(`test/fixtures/peft/${name}`, folder, { recursive: true });
  const file = `${folder}/adapter_model.safetensors`;
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(255, bytes.length - 4));
  const { model } = (readJson("test/fixtures/peft/expected.json") as Record<string, { model: "bert" }>)[name!]!;
  throwsWith(() => loadPeft(folder, tinyModel(model).model), `${file}: base_model.model.`);
});

/** The tiny BERT in a folder of its own, one value of a tensor (bfloat16) replaced by a NaN; with null it is a copy. */
function bertWith(tensor: string | null, index = 0): { readonly model: Model; readonly path: string } {
  const source = "test/fixtures/models/bert-masked";
  const folder = place.file(`bert ${tensor} ${index}`);
  cpSync(source, folder, { recursive: true });
  const path = `${folder}/model.safetensors`;
  if (tensor !== null) {
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString("utf8", 8, 8 + length)) as Record<
      string,
      { data_offsets: [number, number] }
    >;
    const [begin] = header[Object.keys(header).find((name) => name.endsWith(tensor))!]!.data_offsets;
    bytes.writeUInt16LE(0x7fc0, 8 + length + begin + 2 * index);
    writeFileSync(path, bytes);
  }
  return { model: modelOf(readJson(`${folder}/config.json`), openSafetensors(path)), path };
}

/** A matrix, a vector, a table of which no text needs that row, and the head: wherever it is, and though a sound copy was opened before. */
const PLACES = [
  ["layer.1.intermediate.dense.weight", 70],
  ["layer.0.attention.self.key.bias", 3],
  ["word_embeddings.weight", 700],
  ["position_embeddings.weight", 370],
  ["token_type_embeddings.weight", 30],
] as const;

test("ONNX Runtime: a model with a NaN is not opened, also where a sound copy of it is in the weight cache", async () => {
  const cacheDirectory = place.file("cache");
  const open = async ({ model }: { readonly model: Model }, precision: "fp32" | "int8" = "fp32") => {
    const options = { cacheDirectory, precision: { kind: precision } } as const;
    await (await onnxSession(model, makeAdapter({ kind: "none" }, model), options)).dispose();
  };
  for (const precision of ["fp32", "int8"] as const) {
    await open(bertWith(null), precision);
    for (const [tensor, index] of PLACES) {
      const damaged = bertWith(tensor, index);
      await rejectsWith(open(damaged, precision), `${damaged.path}: `);
      await rejectsWith(open(damaged, precision), `${tensor}[`);
      await rejectsWith(open(damaged, precision), "expected a finite weight, got NaN");
    }
    await open(bertWith(null), precision);
  }
});

test("TensorFlow.js: the same", async () => {
  for (const [tensor, index] of PLACES) {
    const { model, path } = bertWith(tensor, index);
    const opening = tfjsSession(model, makeAdapter({ kind: "none" }, model), { backends: ["cpu"] });
    await rejectsWith(opening, `${path}: `);
    await rejectsWith(opening, `${tensor}[`);
  }
});

test.run();
