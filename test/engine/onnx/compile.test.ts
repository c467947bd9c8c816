import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../../src/adapter/adapter";
import { makeAdapter } from "../../../src/adapter/make-adapter";
import { precisionName, PRECISIONS } from "../../../src/engine/onnx/precision";
import { compile } from "../../../src/engine/onnx/compile";
import { readOnnxGraph } from "../../support/onnx-graph";
import { scratch } from "../../support/scratch";
import { tinyModel } from "../../support/tiny-models";

const test = suite("engine/onnx/compile");
const folder = scratch();
test.after(() => folder.remove());

const train: AdapterSpec = {
  kind: "tensor-train",
  placement: "llama",
  rank: 2,
  bottleneck: 8,
  scale: 1,
  modes: null,
};
const lora: AdapterSpec = { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] };

for (const kind of ["plain", "dual"] as const) {
  for (const spec of [train, lora]) {
    test(`${kind} graph with ${spec.kind}: every value has a named shape, so that planning memory takes no time`, async () => {
      const { model } = tinyModel("llama");
      const { path } = await compile(model, makeAdapter(spec, model.sites), kind, folder.file("cache"), {
        fused: true,
      });
      const { nodes, described } = readOnnxGraph(path);
      const results = nodes.filter(({ type }) => type !== "Identity");
      const without = results.filter(({ outputs }) => !described.has(outputs[0]));
      assert.equal(without, []);
    });
  }
}

test("the nodes of every precision have shapes too", async () => {
  const { model } = tinyModel("llama");
  for (const precision of PRECISIONS) {
    const adapter = makeAdapter(lora, model.sites);
    const { path } = await compile(model, adapter, "dual", folder.file("cache"), { fused: true, precision });
    const { nodes, described } = readOnnxGraph(path);
    const without = nodes.filter(({ type, outputs }) => type !== "Identity" && !described.has(outputs[0]));
    assert.equal(without, [], precisionName(precision));
  }
});

test("trainable tensors of all sites are cut apart by one operation for each kind of tensor, not one for each site", async () => {
  const { model } = tinyModel("llama");
  const adapter = makeAdapter(lora, model.sites);
  const { nodes } = readOnnxGraph((await compile(model, adapter, "plain", folder.file("cache"), { fused: true })).path);
  // LoRA on query and value: A of both has one shape; B of query and of value have their own where widths differ.
  const kinds = new Set(adapter.layout.entries.map(({ name, shape }) => `${name.slice(-1)} ${shape.join("x")}`));
  assert.is(nodes.filter(({ type }) => type === "Split").length, kinds.size);
});

test("what no trainable parameter reaches is a graph of its own, with all its products and no more", async () => {
  const { model } = tinyModel("llama");
  const counts = async (spec: AdapterSpec): Promise<readonly number[]> => {
    const { path, prefix } = await compile(model, makeAdapter(spec, model.sites), "plain", folder.file("cache"), {
      fused: true,
      prefix: true,
    });
    const weights = (file: string): number =>
      readOnnxGraph(file).nodes.filter(({ type, inputs }) => type === "FusedMatMul" && inputs[1].startsWith("w"))
        .length;
    return [prefix ? weights(prefix.path) : 0, weights(path)];
  };
  const all = 7 * model.layers;
  assert.equal(await counts(train), [4, all - 4], "attention of layer 0 is before the first adapter, at its gate");
  assert.equal(await counts(lora), [3, all - 3], "query, key and value of layer 0");
  assert.equal(await counts({ kind: "none" }), [0, all], "nothing is trained: one graph");
});

test("below adapters in the top layer the hidden states of whole layers are a graph of their own", async () => {
  const { model } = tinyModel("llama");
  const inputs = async (spec: AdapterSpec): Promise<readonly string[] | null> => {
    const { prefix } = await compile(model, makeAdapter(spec, model.sites), "plain", folder.file("cache"), {
      fused: true,
      prefix: true,
      trunk: true,
    });
    if (prefix?.trunk) assert.is(prefix.trunk.width, model.width);
    return prefix?.trunk ? [...prefix.trunk.inputs].filter((name) => name.startsWith("embedding:")) : null;
  };
  assert.is(await inputs(train), null, "less than a layer below");
  assert.is((await inputs({ ...train, layers: { from: model.layers - 1 } }))?.length, 1);
  assert.is((await inputs({ ...lora, layers: { from: model.layers - 1 } }))?.length, 1);
});

test.run();
