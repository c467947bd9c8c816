import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Adapter, AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { computesInFp32, precisionName } from "../../src/engine/onnx/precision";
import type { Precision } from "../../src/engine/onnx/precision";
import {
  referenceDerivatives64,
  referenceFeatures64,
  referenceGradient64,
  referenceSession,
  referenceTangents64,
} from "../../src/engine/reference/session";
import { scoredPlaces } from "../../src/engine/scored";
import type { ModelSession, TokenBatch } from "../../src/engine/session";
import { tfjsSession } from "../../src/engine/tfjs/session";
import type { Model } from "../../src/model/model";
import { tokenScorer } from "../../src/model/token-scorer";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { near } from "../support/near";
import { classLoss, someOffset } from "../support/row-losses";
import { roundedModel } from "../support/rounded";
import { scratch } from "../support/scratch";
import { tinyModel, tinyPlacement } from "../support/tiny-models";
import type { TinyModelName } from "../support/tiny-models";

/**
 * Every model with every adapter on every engine in every precision, for every quantity, judged by the float64 reference on the
 * weights as that precision stores them. A row more in one of these tables is a row more of cells.
 */
const test = suite("common/engines");
const folder = scratch();

const models: readonly TinyModelName[] = ["bert", "roberta-masked", "llama", "mistral", "qwen2-window", "opt"];
/** Models whose features are log-probabilities of several tokens of a text. */
const scorers: readonly TinyModelName[] = ["roberta-masked", "llama-tied"];
const subjects = [
  ...models.map((name) => ({ name, scored: false })),
  ...scorers.map((name) => ({ name, scored: true })),
] as const;

function subject(name: TinyModelName, scored: boolean): { readonly model: Model; readonly batch: TokenBatch } {
  const { model, batch } = tinyModel(name);
  if (!scored) return { model, batch };
  const positions = batch.ids.map((text) => text.map((_, at) => at).filter((at) => at % 2 === 0));
  const targets = positions.map((list, b) => list.map((at) => (11 * at + 5 * b + 2) % model.vocabulary));
  return { model: tokenScorer(model), batch: { ids: batch.ids, scored: positions, targets } };
}

const adapters: Readonly<Record<string, (model: TinyModelName) => AdapterSpec>> = {
  none: () => ({ kind: "none" }),
  "tensor-train": (model) => ({
    kind: "tensor-train",
    placement: tinyPlacement(model),
    rank: 2,
    bottleneck: 8,
    scale: 0.7,
    modes: null,
  }),
  lora: () => ({ kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] }),
  "lora-xs": () => ({ kind: "lora-xs", rank: 3, alpha: 6, targets: ["query", "value", "down"] }),
  "tt-lora": () => ({ kind: "tt-lora", rank: 4, alpha: 8, trainRank: 2, targets: ["query", "value"] }),
  "tt-core": () => ({ kind: "tt-core", rank: 2, inner: 2, alpha: 4, targets: ["query", "value", "down"] }),
  bottleneck: (model) => ({
    kind: "bottleneck",
    placement: tinyPlacement(model),
    bottleneck: 4,
    activation: "gelu",
    scale: 1,
    up: "small",
  }),
  linear: (model) => ({ kind: "linear", placement: tinyPlacement(model), rank: "full" }),
  prefix: () => ({ kind: "prefix", tokens: 3, deviation: 0.5 }),
  side: () => ({ kind: "side", width: 4, aggregation: "anti-redundancy", form: "norm" }),
  full: () => ({ kind: "full", layers: "all" }),
};

const precisions: readonly Precision[] = [
  { kind: "fp32" },
  { kind: "int8" },
  { kind: "int4", block: 32, zeroPoints: true },
  { kind: "int8-activations", weightBits: 7 },
];

const engines = ["reference", "onnx", "tfjs"] as const;
type Engine = (typeof engines)[number];

const quantities = ["one point", "many points", "directional", "gradient", "loss with an offset"] as const;
type Quantity = (typeof quantities)[number];

/** The largest error relative to the largest number: of features, and of derivatives. */
function tolerance(engine: Engine, precision: Precision): { readonly features: number; readonly derivatives: number } {
  // The session's numbers are float32; its judge takes them before that rounding.
  if (engine === "reference") return { features: 1e-7, derivatives: 1e-7 };
  if (computesInFp32(precision)) return { features: 2e-5, derivatives: 1e-4 };
  // Activations rounded to 8 bits: what a wrong scale, or one shared by rows, would break by far.
  return { features: 0.05, derivatives: 0.3 };
}

/** Why a cell cannot exist; null when it does. */
function impossible(engine: Engine, precision: Precision, adapter: string, quantity: Quantity): string | null {
  if (engine === "tfjs" && precision.kind !== "fp32") return "TensorFlow.js computes in fp32 only";
  if (engine === "reference" && precision.kind !== "fp32") return "the reference computes in float64 only";
  if ((quantity === "gradient" || quantity === "loss with an offset") && !computesInFp32(precision))
    return "rounded activations make a staircase, which has no gradient";
  const derivative = quantity === "gradient" || quantity === "directional";
  return adapter === "none" && derivative ? "without an adapter there is nothing to differentiate by" : null;
}

/** Why a possible cell is not run here; null when it is. */
function elsewhere(model: TinyModelName, scored: boolean, precision: Precision): string | null {
  if (precision.kind === "fp32" || scored || model === "bert" || model === "llama") return null;
  return "rounded weights run on bert, llama and scores of tokens: the products of the other models are the same operation";
}

function openOn(engine: Engine, model: Model, adapter: Adapter, precision: Precision): Promise<ModelSession> {
  switch (engine) {
    case "reference":
      return Promise.resolve(referenceSession(model, adapter));
    case "tfjs":
      return tfjsSession(model, adapter, { backends: ["wasm"] });
    case "onnx":
      return onnxSession(model, adapter, { threads: 1, cacheDirectory: folder.file("cache"), precision });
  }
}

const counts = { held: 0, impossible: new Map<string, number>(), elsewhere: new Map<string, number>() };
const tally = (reasons: Map<string, number>, reason: string): void =>
  void reasons.set(reason, (reasons.get(reason) ?? 0) + 1);

for (const { name, scored } of subjects)
  for (const [adapterName, specOf] of Object.entries(adapters))
    for (const engine of engines)
      for (const precision of precisions) {
        const wanted = quantities.filter((quantity) => {
          const never = impossible(engine, precision, adapterName, quantity);
          if (never !== null) tally(counts.impossible, never);
          const other = never ?? elsewhere(name, scored, precision);
          if (never === null && other !== null) tally(counts.elsewhere, other);
          return other === null;
        });
        if (wanted.length === 0) continue;
        test(`${scored ? "scores of " : ""}${name}, ${adapterName}, ${engine} ${precisionName(precision)}: ${wanted.join(", ")}`, async () => {
          const { model, batch } = subject(name, scored);
          const adapter = makeAdapter(specOf(name), model);
          const noise = (index: number) => normals(randomKey(5, "check", index), adapter.layout.size);
          const point = adapter.initial(3).map((value, i) => value + 0.05 * noise(0)[i]);
          const directions = [noise(1), noise(2)];
          const cotangent = normals(randomKey(6, "check"), scoredPlaces(batch).length * model.width);
          const stored = roundedModel(model, precision);
          const allowed = tolerance(engine, precision);
          const session = await openOn(engine, model, adapter, precision);
          const judges: Readonly<Record<Quantity, () => Promise<void>>> = {
            "one point": async () => {
              const { data } = await session.features([point], batch);
              near(data, referenceFeatures64(stored, adapter, [point], batch).data, allowed.features, "one point");
            },
            "many points": async () => {
              const points = [point, ...directions.map((z) => point.map((value, i) => value + 0.01 * z[i]))];
              const { data } = await session.features(points, batch);
              near(data, referenceFeatures64(stored, adapter, points, batch).data, allowed.features, "many points");
            },
            directional: async () => {
              const { primal, tangents } = await session.tangents(point, directions, batch);
              const exact = referenceTangents64(stored, adapter, point, directions, batch);
              near(primal.data, exact.primal.data, allowed.features, "primal");
              near(tangents.data, exact.tangents.data, allowed.derivatives, "directional");
            },
            gradient: async () => {
              assert.ok(session.gradient, "the engine has gradients");
              const { features, gradient } = await session.gradient(point, batch, () => cotangent);
              const exact = referenceGradient64(stored, adapter, point, batch, () => cotangent);
              near(features.data, referenceFeatures64(stored, adapter, [point], batch).data, allowed.features, "value");
              near(gradient, exact, allowed.derivatives, "gradient");
            },
            "loss with an offset": async () => {
              assert.ok(session.gradient, "the engine has gradients");
              const loss = scored ? { weights: cotangent, classes: null } : classLoss(model, batch);
              const offset = { rows: someOffset(model, batch), by: "both" } as const;
              const found = await session.gradient(point, batch, loss, offset);
              const exact = referenceDerivatives64(stored, adapter, point, batch, loss, offset);
              near(found.losses!, exact.losses!, allowed.features, "losses");
              near(found.gradient, exact.gradient, allowed.derivatives, "gradient");
              near(found.offsetGradient!, exact.offsetGradient!, allowed.derivatives, "by the offset");
            },
          };
          try {
            for (const quantity of wanted) {
              await judges[quantity]();
              counts.held++;
            }
          } finally {
            await session.dispose();
          }
        });
      }

test("every cell is accounted for", () => {
  const sum = (reasons: ReadonlyMap<string, number>): number => [...reasons.values()].reduce((a, b) => a + b, 0);
  const all = subjects.length * Object.keys(adapters).length * engines.length * precisions.length * quantities.length;
  const lines = [
    `${counts.held} of ${all} cells hold, ${sum(counts.impossible)} cannot exist, ${sum(counts.elsewhere)} are not run here`,
    ...[...counts.impossible, ...counts.elsewhere].map(([reason, count]) => `  ${count}: ${reason}`),
  ];
  console.log(`\n${lines.join("\n")}`);
  assert.is(counts.held + sum(counts.impossible) + sum(counts.elsewhere), all);
});

test.after(() => folder.remove());

test.run();
