import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import {
  referenceDerivatives64,
  referenceFeatures64,
  referenceSession,
  referenceTangents64,
} from "../../src/engine/reference/session";
import type { RowLoss, TokenBatch } from "../../src/engine/session";
import { tfjsSession } from "../../src/engine/tfjs/session";
import { tokenScorer } from "../../src/model/token-scorer";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { dot } from "../support/dot";
import { near, relativeError } from "../support/near";
import { classLoss, someOffset } from "../support/row-losses";
import { roundedModel } from "../support/rounded";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyModel, tinyModelNames } from "../support/tiny-models";

// What is added to the embeddings, and the derivative by it. Every adapter and precision is in common/engines.
const test = suite("engine/offset");
const folder = scratch();
test.after(() => folder.remove());

const lora: AdapterSpec = { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] };
const specs: readonly AdapterSpec[] = [{ kind: "none" }, lora, { kind: "full", layers: "all" }];

for (const name of tinyModelNames)
  for (const spec of specs) {
    const { model, batch } = tinyModel(name);
    const adapter = makeAdapter(spec, model);
    const { size } = adapter.layout;
    const point = adapter.initial(1).map((value, i) => value + 0.05 * normals(randomKey(4, "check"), size)[i]!);
    const weights = normals(randomKey(5, "check"), batch.ids.length * model.width);
    const rows = someOffset(model, batch);
    const found = () => referenceDerivatives64(model, adapter, point, batch, () => weights, { rows, by: "both" });

    test(`${name}, ${spec.kind}: <gradient, z> is the tangent along z of point and offset together, to float64's rounding`, () => {
      const { gradient, offsetGradient } = found();
      const zs = [0, 1].map((query) => normals(randomKey(6, "check", query), size));
      const directions = normals(randomKey(7, "check"), zs.length * rows.length);
      const { tangents } = referenceTangents64(model, adapter, point, zs, batch, { rows, directions });
      const along = (all: ArrayLike<number>, p: number, length: number): ArrayLike<number> =>
        Array.from({ length }, (_, i) => all[p * length + i]!);
      const error = relativeError(
        zs.map((z, p) => dot(gradient, z) + dot(offsetGradient!, along(directions, p, rows.length))),
        zs.map((_, p) => dot(along(tangents.data, p, weights.length), weights)),
      );
      assert.ok(error < 1e-11, String(error));
    });

    test(`${name}, ${spec.kind}: an element of the offset's gradient is a central difference of the features`, () => {
      const { offsetGradient } = found();
      const step = 1e-5;
      const at = Array.from({ length: 6 }, (_, i) => Math.floor((i * rows.length) / 6) + i);
      const differences = at.map((i) => {
        const [plus, minus] = [step, -step].map((by) => {
          const moved = Float64Array.from(rows, (value, k) => (k === i ? value + by : value));
          return dot(referenceFeatures64(model, adapter, [point], batch, moved).data, weights);
        });
        return (plus! - minus!) / (2 * step);
      });
      const largest = Math.max(...offsetGradient!.map(Math.abs));
      at.forEach((i, k) => assert.ok(Math.abs(offsetGradient![i]! - differences[k]!) < 1e-7 * Math.max(largest, 1)));
    });
  }

for (const name of tinyModelNames)
  test(`${name}: on ONNX Runtime losses, gradient and the offset's gradient are float64's, by both, by one, in one graph and in two`, async () => {
    const { model, batch } = tinyModel(name);
    const adapter = makeAdapter(lora, model);
    const point = adapter.initial(1).map((value, i) => value + 0.01 * Math.sin(i));
    const loss = classLoss(model, batch);
    const rows = someOffset(model, batch);
    const exact = referenceDerivatives64(model, adapter, point, batch, loss, { rows, by: "both" });
    for (const recompute of [false, true]) {
      const options = { threads: 1, cacheDirectory: folder.file("cache"), recompute };
      const session = await onnxSession(model, adapter, options);
      for (const by of ["both", "offset", "point"] as const) {
        const found = await session.gradient!(point, batch, loss, { rows, by });
        near(found.losses!, exact.losses!, 2e-5, "losses");
        near(found.features.data, exact.features.data, 2e-5, "features");
        if (by === "offset") assert.is(found.gradient.length, 0);
        else near(found.gradient, exact.gradient, 1e-4, "gradient");
        if (by === "point") assert.is(found.offsetGradient, undefined);
        else near(found.offsetGradient!, exact.offsetGradient!, 1e-4, "by the offset");
      }
      await session.dispose();
    }
  });

const expected = JSON.parse(readFileSync("test/fixtures/models/offsets.json", "utf8")) as Readonly<
  Record<string, { readonly loss: number; readonly gradients: readonly (readonly [length: number, product: number])[] }>
>;

for (const name of tinyModelNames)
  test(`${name}: the gradient by an offset is that of PyTorch's autograd by inputs_embeds, in float64 and on ONNX Runtime`, async () => {
    const { model: bare, batch: texts } = tinyModel(name);
    const scores = bare.head !== null;
    const model = scores ? tokenScorer(bare) : bare;
    const targets = texts.ids.map((_, k) => (7 * k + 3) % bare.vocabulary);
    const batch: TokenBatch = scores ? { ...texts, targets } : { ids: texts.ids };
    const adapter = makeAdapter({ kind: "none" }, model);
    const tokens = texts.ids.flat().length;
    const width = model.embeddingWidth;
    const rows = Float64Array.from({ length: tokens * width }, (_, i) => 0.1 * Math.sin(0.9 * i + 0.2));
    const slope = Float64Array.from({ length: texts.ids.length * model.width }, (_, k) => Math.sin(k + 1));
    const loss: RowLoss | (() => Float32Array) = scores
      ? { weights: slope, classes: null }
      : () => Float32Array.from(slope);
    const exactLoss = scores ? loss : () => slope;
    const empty = new Float32Array(0);
    const exact = referenceDerivatives64(model, adapter, empty, batch, exactLoss, { rows, by: "offset" });
    const { loss: value, gradients } = expected[name]!;
    near([dot(exact.features.data, slope)], [value], 1e-10, "loss");
    const session = await onnxSession(model, adapter, { threads: 1, cacheDirectory: folder.file("cache") });
    const onnx = await session.gradient!(empty, batch, loss, { rows, by: "offset" });
    await session.dispose();
    const largest = Math.max(...gradients.map(([length]) => length));
    for (const [gradient, allowed] of [
      [exact.offsetGradient!, 1e-9],
      [onnx.offsetGradient!, 1e-4],
    ] as const)
      gradients.forEach(([length, product], t) => {
        const row = Array.from({ length: width }, (_, i) => gradient[t * width + i]!);
        const turned = row.map((_, i) => Math.sin(0.7 * i + 0.3));
        const errors = [Math.sqrt(dot(row, row)) - length, dot(row, turned) - product];
        for (const error of errors) assert.ok(Math.abs(error) < allowed * largest, `token ${t}: ${error}`);
      });
  });

test("through frozen weights of 8 and 4 bits the offset's gradient is that of the dequantized ones", async () => {
  for (const name of ["bert", "llama"] as const)
    for (const precision of [{ kind: "int8" }, { kind: "int4", block: 32, zeroPoints: true }] as const) {
      const { model, batch } = tinyModel(name);
      const adapter = makeAdapter({ kind: "none" }, model);
      const [loss, rows, empty] = [classLoss(model, batch), someOffset(model, batch), new Float32Array(0)];
      const offset = { rows, by: "offset" } as const;
      const exact = referenceDerivatives64(roundedModel(model, precision), adapter, empty, batch, loss, offset);
      const session = await onnxSession(model, adapter, {
        threads: 1,
        cacheDirectory: folder.file("cache"),
        precision,
      });
      const found = await session.gradient!(empty, batch, loss, offset);
      await session.dispose();
      near(found.losses!, exact.losses!, 2e-5);
      near(found.offsetGradient!, exact.offsetGradient!, 1e-4);
    }
});

for (const engine of ["onnx", "tfjs", "reference"] as const)
  test(`${engine}: an offset of 0 changes nothing; one of another shape is refused before any work; the next call is right`, async () => {
    for (const name of ["bert", "opt-post-norm"] as const) {
      const { model, batch } = tinyModel(name);
      const adapter = makeAdapter(lora, model);
      const point = adapter.initial(1);
      const loss = classLoss(model, batch);
      const session =
        engine === "onnx"
          ? await onnxSession(model, adapter, { threads: 1, cacheDirectory: folder.file("cache"), keep: "one" })
          : engine === "tfjs"
            ? await tfjsSession(model, adapter, { backends: ["wasm"] })
            : referenceSession(model, adapter);
      const width = model.embeddingWidth;
      assert.is(session.embeddingWidth, width);
      const size = batch.ids.flat().length * width;
      for (const wrong of [0, size - 1, size - width, size + width])
        await rejectsWith(
          session.gradient!(point, batch, loss, { rows: new Float32Array(wrong), by: "both" }),
          `offset.rows: expected ${size} numbers (16 tokens x ${width}, the embedding's width), got ${wrong}`,
        );
      if ("engineMilliseconds" in session) assert.is((session.engineMilliseconds as () => number)(), 0);
      const without = await session.gradient!(point, batch, loss);
      const zero = await session.gradient!(point, batch, loss, { rows: new Float32Array(size), by: "both" });
      near(zero.losses!, without.losses!, 1e-6);
      near(zero.features.data, without.features.data, 1e-6);
      near(zero.gradient, without.gradient, 1e-5);
      const exact = referenceDerivatives64(model, adapter, point, batch, loss, {
        rows: new Float32Array(size),
        by: "offset",
      });
      near(zero.offsetGradient!, exact.offsetGradient!, 1e-4);
      await session.dispose();
    }
  });

test("a tangent's offset has one change for each direction", () => {
  const { model, batch } = tinyModel("bert");
  const rows = someOffset(model, batch);
  const adapter = makeAdapter(lora, model);
  const point = adapter.initial(0);
  const along = (directions: ArrayLike<number>) => () =>
    referenceTangents64(model, adapter, point, [point, point], batch, { rows, directions });
  throwsWith(along(rows), `offset.rows: expected ${2 * rows.length} numbers`);
});

test.run();
