import { writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../../src/adapter/adapter";
import { makeAdapter } from "../../../src/adapter/make-adapter";
import { portableGraph } from "../../../src/engine/onnx/portable-graph";
import { openPortable, paddedFeeds } from "../../../src/engine/onnx/portable-session";
import { referenceFeatures64 } from "../../../src/engine/reference/session";
import type { Model } from "../../../src/model/model";
import { randomKey } from "../../../src/random/key";
import { normals } from "../../../src/random/normals";
import { probabilities } from "../../../src/task/loss";
import { near } from "../../support/near";
import { hasOnnxPython, noOnnxPython, onnxScores } from "../../support/onnx-judge";
import { scratch } from "../../support/scratch";
import { skipUnless } from "../../support/skip";
import { rejectsWith, throwsWith } from "../../support/throws";
import { tinyModel, tinyModelNames, tinyPlacement } from "../../support/tiny-models";
import type { TinyModelName } from "../../support/tiny-models";

const test = suite("engine/onnx/portable-graph");
const withPython = skipUnless(hasOnnxPython, noOnnxPython);
const files = scratch();
test.after(() => files.remove());

const ADAPTERS: Readonly<Record<string, (name: TinyModelName) => AdapterSpec>> = {
  none: () => ({ kind: "none" }),
  lora: () => ({ kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] }),
  "tensor-train": (name) => ({
    kind: "tensor-train",
    placement: tinyPlacement(name),
    rank: 2,
    bottleneck: 8,
    scale: 1,
    modes: null,
  }),
  bottleneck: (name) => ({
    kind: "bottleneck",
    placement: tinyPlacement(name),
    bottleneck: 4,
    activation: "gelu",
    scale: 1,
  }),
  prefix: () => ({ kind: "prefix", tokens: 3 }),
  side: () => ({ kind: "side", width: 4, aggregation: "anti-redundancy", form: "norm" }),
  full: () => ({ kind: "full", layers: "all" }),
};

/** A classifier of three classes with a drawn adapter and readout, three texts of different lengths, and its scores in float64. */
function made(name: TinyModelName, kind: string) {
  const { model } = tinyModel(name);
  const adapter = makeAdapter(ADAPTERS[kind]!(name), model);
  const noise = normals(randomKey(8, "check", 0), adapter.layout.size);
  const point = adapter.initial(1).map((value, i) => value + 0.1 * noise[i]!);
  const rows = normals(randomKey(9, "check", 0), 3 * model.width);
  const readout = { rows, classes: 3, width: model.width, scale: 1.5, bias: Float32Array.of(0.1, -0.2, 0.3) };
  const ids = [
    [5, 6, 7, 8, 9],
    [3, 4],
    [9, 8, 7, 6],
  ];
  const masks = model.reading === "masked" ? [2, 0, 3] : null;
  const scored = model.reading === "pooled" ? {} : { scored: masks ?? ids.map(({ length }) => length - 1) };
  const { data } = referenceFeatures64(model, adapter, [point], { ids, ...scored });
  const { width, scale, bias } = readout;
  const score = (b: number, c: number): number =>
    Array.from({ length: width }, (_, h) => data[b * width + h]! * rows[c * width + h]!).reduce((a, x) => a + x, 0);
  const expected = Float64Array.from({ length: 9 }, (_, i) => scale * score(Math.floor(i / 3), i % 3) + bias[i % 3]!);
  const graph = portableGraph(model, adapter, point, readout);
  return { model, graph, batch: { ids, masks }, expected };
}

function written(name: string, graph: ReturnType<typeof portableGraph>): string {
  return files.file(`${name}.onnx`, Buffer.concat([...graph.whole()]));
}

for (const kind of Object.keys(ADAPTERS))
  test(`${kind}: the graph's logits and probabilities are those of the interpreter in float64, in every architecture`, async () => {
    for (const name of tinyModelNames) {
      const { graph, batch, expected, model } = made(name, kind);
      const session = await openPortable(written(`${name}-${kind}`, graph));
      try {
        const found = await session.scores(batch);
        near(found.logits, expected, 5e-6, `${name}: logits`);
        near(found.probabilities, probabilities(expected, 3), 2e-5, `${name}: probabilities`);
        // A text alone says what it said among others.
        const alone = await session.scores({ ids: [batch.ids[1]!], masks: batch.masks && [batch.masks[1]!] });
        near(alone.logits, found.logits.slice(3, 6), 5e-6, `${name}: alone`);
      } finally {
        await session.dispose();
      }
      assert.equal(
        graph.inputs,
        model.reading === "masked" ? ["input_ids", "attention_mask", "mask_position"] : ["input_ids", "attention_mask"],
      );
    }
  });

withPython(test, "Python's onnxruntime computes the same, with padding behind the texts and before them", () => {
  const cases: readonly (readonly [TinyModelName, string])[] = [
    ["bert", "lora"],
    ["bert", "tensor-train"],
    ["roberta-masked", "prefix"],
    ["llama", "tensor-train"],
    ["opt", "full"],
    ["mistral", "bottleneck"],
  ];
  for (const [name, kind] of cases) {
    const { graph, batch, expected } = made(name, kind);
    const path = written(`python-${name}-${kind}`, graph);
    for (const left of [false, true]) {
      const found = onnxScores(path, batch, left);
      near(found.logits, expected, 5e-6, `${name}, ${kind}, padding ${left ? "before" : "behind"}`);
    }
  }
});

test("with its weights in a file beside it the graph computes the same", async () => {
  const { graph, batch, expected } = made("llama", "lora");
  files.file("beside.bin", Buffer.concat([...graph.weights()]));
  const path = files.file("beside.onnx", graph.graph("beside.bin"));
  const session = await openPortable(path);
  try {
    near((await session.scores(batch)).logits, expected, 2e-6);
  } finally {
    await session.dispose();
  }
});

test("texts are filled up at their ends", () => {
  const feeds = paddedFeeds({ ids: [[5, 6], [7]], masks: [1, 0] });
  assert.equal([...feeds.get("input_ids")!.data], [5n, 6n, 7n, 0n]);
  assert.equal([...feeds.get("attention_mask")!.data], [1n, 1n, 1n, 0n]);
  assert.equal([...feeds.get("mask_position")!.data], [1n, 0n]);
  throwsWith(() => paddedFeeds({ ids: [], masks: null }), "batch: expected at least one text");
  throwsWith(() => paddedFeeds({ ids: [[1], []], masks: null }), "batch[1]: expected at least one token");
});

test("a readout of another width, a point of another length and a file that is no graph are refused; a text too long does not wedge the session", async () => {
  const { model } = tinyModel("bert");
  const adapter = makeAdapter({ kind: "none" }, model);
  const readout = (width: number) => ({ rows: new Float32Array(2 * width), classes: 2, width, scale: 1 });
  const none = new Float32Array(0);
  throwsWith(() => portableGraph(model, adapter, none, readout(3)), `readout.width: expected ${model.width}`);
  throwsWith(
    () => portableGraph(model, adapter, new Float32Array(1), readout(model.width)),
    "point: expected length 0",
  );
  writeFileSync(files.file("none.onnx"), "none");
  await rejectsWith(openPortable(files.file("none.onnx")), "none.onnx");
  const { graph, batch, expected } = made("bert", "none");
  const session = await openPortable(written("long", graph));
  try {
    const long = (tokens: Pick<Model, "context">): readonly number[] => new Array<number>(tokens.context + 1).fill(4);
    await rejectsWith(session.scores({ ids: [long(model)], masks: null }), "out of");
    near((await session.scores(batch)).logits, expected, 2e-6);
  } finally {
    await session.dispose();
  }
});

test.run();
