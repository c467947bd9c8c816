import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { loadModel } from "../../src/engine/load-model";
import { compile } from "../../src/engine/onnx/compile";
import { encodingOf } from "../../src/engine/onnx/encoding";
import { parsePrecision } from "../../src/engine/onnx/precision";
import { onnxSession } from "../../src/engine/onnx/session";
import type { Model, Weights } from "../../src/model/model";
import type { FrozenMatrix } from "../../src/ops/ops";
import { openGguf } from "../../src/weights/gguf";
import { openSafetensors } from "../../src/weights/safetensors";
import { findModel, missingModel, modelRoots } from "../support/models";
import type { PackagedModel } from "../support/models";
import { near } from "../support/near";
import { readOnnxGraph } from "../support/onnx-graph";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { readJson } from "../support/tiny-models";

const test = suite("engine/real-models");

interface Expected {
  readonly texts: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly mean: readonly number[];
    readonly hidden: readonly number[];
    readonly logits: readonly { readonly id: number; readonly logit: number }[];
    readonly top: number;
  }[];
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[]; readonly sha256: string }[];
}

/** What transformers computes in float64 with the weights of the same file, and those weights. */
const expectedOf = (name: PackagedModel): Expected =>
  readJson(`test/fixtures/weights/${name}-expected.json`) as Expected;

const withMiniLm = skipUnless(findModel("minilm") !== null, missingModel("minilm"));
const withSmolLm = skipUnless(findModel("smollm2") !== null, missingModel("smollm2"));
const NONE = new Float32Array(0);
const folder = scratch();
test.after(() => folder.remove());

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Int8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The hashes of all weights in the engine's files, sorted. */
async function inEngine(model: Model, precision: string): Promise<readonly string[]> {
  const directory = folder.file(precision);
  const none = makeAdapter({ kind: "none" }, model.sites);
  const { path } = await compile(model, none, "plain", directory, {
    fused: true,
    precision: parsePrecision(precision),
  });
  const found = [...readOnnxGraph(path).weights()].filter(({ length }) => length > 64).map(sha256);
  rmSync(directory, { recursive: true });
  return found.sort();
}

/** The hashes of a matrix's parts at a precision, encoded from the file. */
function encoded(matrix: FrozenMatrix, precision: string): readonly string[] {
  const parts = new Map<string, Uint8Array[]>();
  for (const { part, bytes } of encodingOf(matrix, parsePrecision(precision)).pieces())
    parts.set(part.name, [...(parts.get(part.name) ?? []), Uint8Array.from(bytes)]);
  return [...parts.values()].map((pieces) => sha256(Buffer.concat(pieces)));
}

/**
 * Asserts that every vector, bit for bit, and every matrix, as the precision keeps it, is in the engine, and nothing else. In fp32 all are
 * judged by what transformers loads. Tables of embeddings are fed by rows; of the types' only the first is there.
 */
async function sameWeights(name: PackagedModel, precision: string, weights: Weights): Promise<void> {
  const { tensors } = expectedOf(name);
  const { model } = loadModel(name, modelRoots());
  const expected = tensors.flatMap(({ name: tensor, shape, sha256: hash }) => {
    const [rows, width] = shape as [number, number];
    if (tensor.includes("token_type")) return sha256(bytesOf(weights.matrix(tensor, [rows, width]).rows([0])));
    if (tensor.includes("embed")) return shape.length === 1 ? hash : [];
    return shape.length === 1 || precision === "fp32"
      ? hash
      : encoded(weights.matrix(tensor, [rows, width]), precision);
  });
  assert.equal(await inEngine(model, precision), expected.sort());
}

for (const precision of ["fp32", "int8", "int4", "int8-activations"])
  withMiniLm(test, `MiniLM, ${precision}: every weight in the engine is the file's`, () =>
    sameWeights("minilm", precision, openSafetensors(findModel("minilm")!.weights)),
  );

for (const precision of ["fp32", "file"])
  withSmolLm(test, `SmolLM2, ${precision}: every weight in the engine is the file's`, () =>
    sameWeights("smollm2", precision, openGguf(findModel("smollm2")!.weights)),
  );

withMiniLm(test, "MiniLM: token ids and sentence vectors are those of transformers", async () => {
  const { texts } = expectedOf("minilm");
  const { model, tokenizer } = loadModel("minilm", modelRoots());
  const session = await onnxSession(model, makeAdapter({ kind: "none" }, model.sites));
  try {
    const ids = texts.map(({ text }) => tokenizer.encode(text));
    assert.equal(
      ids,
      texts.map((t) => t.ids),
    );
    const { data, width } = await session.features([NONE], { ids });
    texts.forEach(({ mean }, b) => {
      const length = Math.hypot(...mean);
      near(
        data.subarray(b * width, (b + 1) * width),
        mean.map((x) => x / length),
        1e-5,
        `text ${b}`,
      );
    });
  } finally {
    await session.dispose();
  }
});

withSmolLm(
  test,
  "SmolLM2: token ids, hidden states and logits are those of transformers on the same weights",
  async () => {
    const { texts } = expectedOf("smollm2");
    const { model, tokenizer } = loadModel("smollm2", modelRoots());
    const session = await onnxSession(model, makeAdapter({ kind: "none" }, model.sites));
    try {
      const ids = texts.map(({ text }) => tokenizer.encode(text));
      assert.equal(
        ids,
        texts.map((t) => t.ids),
      );
      const { data, width } = await session.features([NONE], { ids });
      texts.forEach(({ hidden, logits }, b) => {
        const feature = data.subarray(b * width, (b + 1) * width);
        near(feature, hidden, 1e-5, `text ${b}`);
        const rows = model.head?.rows(logits.map(({ id }) => id)) ?? NONE;
        const scored = logits.map((_, i) => feature.reduce((sum, x, h) => sum + x * rows[i * width + h], 0));
        near(
          scored,
          logits.map(({ logit }) => logit),
          1e-5,
          `logits of text ${b}`,
        );
      });
    } finally {
      await session.dispose();
    }
  },
);

test.run();
