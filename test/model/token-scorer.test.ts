import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { modelWeights } from "../../src/adapter/model-weights";
import { onnxSession } from "../../src/engine/onnx/session";
import { referenceFeatures64, referenceSession, referenceTangents64 } from "../../src/engine/reference/session";
import { tfjsSession } from "../../src/engine/tfjs/session";
import type { TokenBatch } from "../../src/engine/session";
import { tokenScorer } from "../../src/model/token-scorer";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { predictMemory } from "../../src/weights/memory";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";
import { readJson, tinyModel } from "../support/tiny-models";
import type { TinyModelName } from "../support/tiny-models";

const test = suite("model/token-scorer");
const folder = scratch();
test.after(() => folder.remove());

interface Expected {
  readonly scored: readonly (readonly number[])[];
  readonly targets: readonly (readonly number[])[];
  readonly scores: readonly number[];
}

const { ids, models } = readJson("test/fixtures/models/scores.json") as {
  readonly ids: TokenBatch["ids"];
  readonly models: Readonly<Record<string, Expected>>;
};
const NONE = new Float32Array(0);

for (const [name, { scored, targets, scores }] of Object.entries(models))
  test(`${name}: log-probabilities of given tokens are those of transformers, on every engine`, async () => {
    const model = tokenScorer(tinyModel(name as TinyModelName).model);
    const adapter = makeAdapter({ kind: "none" }, model);
    const batch = { ids, scored, targets };
    near((await referenceSession(model, adapter).features([NONE], batch)).data, scores, 1e-7, "reference");
    const cacheDirectory = folder.file("cache");
    const onnx = await onnxSession(model, adapter, { threads: 1, cacheDirectory });
    const tfjs = await tfjsSession(model, adapter, { backends: ["wasm"] });
    try {
      const found = await onnx.features([NONE], batch);
      assert.equal([found.points, found.texts, found.width], [1, scores.length, 1]);
      near(found.data, scores, 1e-5, "ONNX Runtime");
      near((await tfjs.features([NONE], batch)).data, scores, 1e-5, "TensorFlow.js");
    } finally {
      await Promise.all([onnx.dispose(), tfjs.dispose()]);
    }
  });

test("over all tokens the probabilities at a position sum to 1", () => {
  const model = tokenScorer(tinyModel("roberta-masked").model);
  const adapter = makeAdapter({ kind: "none" }, model);
  const all = Array.from({ length: model.vocabulary }, (_, id) => id);
  const batch = { ids: [[3, 17, 42]], scored: [all.map(() => 1)], targets: [all] };
  const { data } = referenceFeatures64(model, adapter, [[]], batch);
  near([data.reduce((sum, value) => sum + Math.exp(value), 0)], [1], 1e-12);
});

test("derivatives along directions are central differences, the head trained too", () => {
  const model = tokenScorer(tinyModel("llama-tied").model);
  const { scored, targets } = models["llama-tied"]!;
  const batch = { ids, scored, targets };
  for (const spec of [
    { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] },
    { kind: "full", layers: "all", parts: ["embeddings"] },
  ] as const) {
    const adapter = makeAdapter(spec, model);
    const noise = (index: number) => Float64Array.from(normals(randomKey(7, "check", index), adapter.layout.size));
    const point = Float64Array.from(adapter.initial(1), (value, i) => value + 0.05 * noise(0)[i]!);
    const directions = [noise(1), noise(2)];
    const { tangents } = referenceTangents64(model, adapter, point, directions, batch);
    const step = 1e-5;
    const differences = directions.flatMap((z) => {
      const [plus, minus] = [step, -step].map((by) => point.map((value, i) => value + by * z[i]!));
      const at = (p: Float64Array): Float64Array => referenceFeatures64(model, adapter, [p], batch).data;
      const [above, below] = [at(plus!), at(minus!)];
      return [...above].map((value, k) => (value - below[k]!) / (2 * step));
    });
    near(tangents.data, differences, 1e-7, spec.kind);
  }
});

test("full-parameter training has the weights that it has without scores, in the same order", () => {
  for (const name of ["llama", "llama-tied", "roberta-masked", "opt"] as const) {
    const { model } = tinyModel(name);
    const names = (of: typeof model): readonly string[] => modelWeights(of).map((weight) => weight.name);
    assert.equal(names(tokenScorer(model)), names(model), name);
  }
});

test("an adapter made for the model fits the scorer; the two are told apart by id; the head counts as memory", () => {
  const { model } = tinyModel("llama");
  const scorer = tokenScorer(model);
  const spec = { kind: "lora", rank: 2, alpha: 4, targets: ["query"] } as const;
  assert.equal(makeAdapter(spec, scorer).layout, makeAdapter(spec, model).layout);
  assert.not.equal(scorer.id, model.id);
  const pass = { texts: 8, tokens: 16, points: 1, trainable: 10 };
  const [with_, without] = [scorer, model].map((of) => predictMemory(of, { kind: "fp32" }, pass));
  assert.is(with_!.weights - without!.weights, 4 * model.vocabulary * model.width);
  assert.is(with_!.activations - without!.activations, 4 * 8 * 3 * model.vocabulary);
});

test("a model without a head cannot score tokens", () => {
  throwsWith(
    () => tokenScorer(tinyModel("bert").model),
    "token scores: expected a model with a language-model head, got",
  );
});

test.run();
