import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import {
  referenceFeatures64,
  referenceGradient64,
  referenceSession,
  referenceTangents64,
} from "../../src/engine/reference/session";
import { normals } from "../../src/random/normals";
import { randomKey } from "../../src/random/key";
import { loadAdapter, saveAdapter } from "../../src/weights/adapter-file";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";
import { tinyModel, type TinyModelName } from "../support/tiny-models";

/** All adapters x all models x what every adapter must hold. A new adapter is tested by adding one line. */
const test = suite("common/adapters");
const folder = scratch();
test.after(() => folder.remove());

type Row = readonly [what: string, spec: AdapterSpec, unchangedAtStart: boolean];

const train = { kind: "tensor-train", rank: 2, bottleneck: 8, scale: 0.7, modes: null } as const;
const dense = { kind: "bottleneck", bottleneck: 4, activation: "gelu", scale: 1 } as const;
const adapters: readonly Row[] = [
  ["tensor trains in RoBERTa's places", { ...train, placement: "roberta" }, false],
  ["tensor trains in Llama's places", { ...train, placement: "llama" }, false],
  ["tensor trains in the top layer", { ...train, placement: "roberta", layers: { from: 1 } }, false],
  ["dense bottlenecks in RoBERTa's places", { ...dense, placement: "roberta" }, true],
  ["dense bottlenecks in Llama's places, SiLU", { ...dense, placement: "llama", activation: "silu" }, true],
  ["small dense bottlenecks, tanh", { ...dense, placement: "roberta", activation: "tanh", up: "small" }, false],
  ["LoRA on query and value", { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] }, true],
  ["LoRA by patterns", { kind: "lora", rank: 2, alpha: 4, targets: ["layers.0.*", "*.mlp.down"] }, true],
  ["LoRA-XS", { kind: "lora-xs", rank: 3, alpha: 6, targets: ["query", "down"] }, false],
  ["a LoRA of tensor trains", { kind: "tt-lora", rank: 4, alpha: 8, trainRank: 2, targets: ["query", "up"] }, true],
  ["a core of tensor trains", { kind: "tt-core", rank: 3, inner: 2, alpha: 6, targets: ["query", "down"] }, true],
  ["linear maps in RoBERTa's places", { kind: "linear", placement: "roberta", rank: "full" }, true],
  ["linear maps of rank 3 in Llama's places", { kind: "linear", placement: "llama", rank: 3, scale: 0.7 }, true],
  ["a prefix of three tokens", { kind: "prefix", tokens: 3, deviation: 0.5 }, false],
  ["a side network, as for T5", { kind: "side", width: 4, aggregation: "anti-redundancy", form: "gated" }, false],
  ["a side network, as for BERT", { kind: "side", width: 4, aggregation: "anti-redundancy", form: "norm" }, false],
  [
    "a side network of equal weights, added",
    { kind: "side", width: 4, aggregation: "mean", form: "gated", skip: "whole" },
    true,
  ],
  ["all weights", { kind: "full", layers: "all" }, true],
  ["all weights of one layer", { kind: "full", layers: [1] }, true],
  ["all biases and norms", { kind: "full", layers: "all", parts: ["biases", "norms"] }, true],
  ["all matrices", { kind: "full", layers: "all", parts: ["matrices"] }, true],
  ["all embeddings", { kind: "full", layers: "all", parts: ["embeddings"] }, true],
];

/** An encoder and a language model with a gate; without one where places matter, and every kind of head where it is trained. */
const modelsFor = ({ kind }: AdapterSpec): readonly TinyModelName[] => {
  if (kind === "full") return ["bert", "roberta-masked", "llama", "qwen2", "opt"];
  return kind.includes("lora") || kind === "tt-core" ? ["bert", "llama-tied"] : ["bert", "llama-tied", "opt"];
};

for (const [what, spec, unchangedAtStart] of adapters)
  for (const name of modelsFor(spec)) {
    const { model, batch } = tinyModel(name);
    const adapter = makeAdapter(spec, model);
    const { layout } = adapter;
    const noise = (index: number) => normals(randomKey(1, "check", index), layout.size);
    const point = adapter.initial(3).map((value, i) => value + 0.05 * noise(9)[i]);
    const directions = [noise(0), noise(1)];
    const title = `${name}, ${what}`;

    test(`${title}: the start is a function of the seed${unchangedAtStart ? " and leaves the model as it was" : ""}`, () => {
      assert.is(adapter.initial(3).length, layout.size);
      assert.equal(adapter.initial(3), adapter.initial(3));
      const frozen = referenceFeatures64(model, makeAdapter({ kind: "none" }, model), [[]], batch).data;
      const at = referenceFeatures64(model, adapter, [adapter.initial(3)], batch).data;
      if (unchangedAtStart) near(at, frozen, 1e-12);
      else assert.not.equal(at, frozen);
    });

    test(`${title}: float64 tangents are central differences, and gradients agree with them`, () => {
      const { primal, tangents } = referenceTangents64(model, adapter, point, directions, batch);
      const weights = normals(randomKey(2, "check"), primal.data.length);
      const gradient = referenceGradient64(model, adapter, point, batch, () => weights);
      directions.forEach((z, p) => {
        const [plus, minus] = [1e-7, -1e-7].map(
          (e) => referenceFeatures64(model, adapter, [Float64Array.from(point, (x, i) => x + e * z[i])], batch).data,
        );
        const along = tangents.data.subarray(p * weights.length, (p + 1) * weights.length);
        near(
          along,
          plus.map((x, i) => (x - minus[i]) / 2e-7),
          1e-6,
        );
        const sum = (x: ArrayLike<number>, y: ArrayLike<number>) =>
          Array.from(x).reduce((total, value, i) => total + value * y[i], 0);
        near([sum(gradient, z)], [sum(along, weights)], 1e-8, "gradient");
      });
    });

    test(`${title}: ONNX Runtime agrees with the reference, at many points and along many directions`, async () => {
      const reference = referenceSession(model, adapter);
      const session = await onnxSession(model, adapter, { threads: 1, cacheDirectory: folder.file("cache") });
      try {
        const points = [point, adapter.initial(4), point];
        const [got, expected] = [await session.features(points, batch), await reference.features(points, batch)];
        assert.equal([got.points, got.texts, got.width], [3, batch.ids.length, model.width]);
        near(got.data, expected.data, 3e-5);
        const along = await session.tangents(point, directions, batch);
        const truth = await reference.tangents(point, directions, batch);
        near(along.primal.data, truth.primal.data, 3e-5, "primal");
        near(along.tangents.data, truth.tangents.data, 2e-4, "tangents");
      } finally {
        await session.dispose();
      }
    });

    test(`${title}: saved and loaded, it is the same, and only for its own model and specification`, () => {
      const path = folder.file("adapter.safetensors");
      saveAdapter(path, { spec, layout, point, modelId: model.id, note: title });
      const loaded = loadAdapter(path, { modelId: model.id, spec });
      assert.equal(loaded.point, point);
      assert.equal(makeAdapter(loaded.spec, model).layout, layout);
      throwsWith(() => loadAdapter(path, { modelId: "another" }), "expected an adapter for model another");
      throwsWith(() => loadAdapter(path, { spec: { kind: "none" } }), 'expected the adapter {"kind":"none"}');
    });
  }

test.run();
