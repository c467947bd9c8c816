import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bert, bertConfig } from "../../src/model/bert";
import { llama, llamaConfig } from "../../src/model/llama";
import type { Weights } from "../../src/model/model";
import type { Hooks } from "../../src/ops/ops";
import { openSafetensors } from "../../src/weights/safetensors";
import type { Tensor } from "../../src/engine/reference/tensor";
import { layoutOf } from "../../src/tree/layout";
import { opsAt } from "../support/ops-at";
import { readJson, tinyModel } from "../support/tiny-models";

const test = suite("model/model");

for (const name of ["bert", "llama", "llama-tied"] as const)
  test(`${name}: a forward pass goes once through every site, in order, with the sizes that it declares`, () => {
    const { model, batch } = tinyModel(name);
    const seen: string[] = [];
    const hooks: Hooks<Tensor> = {
      input(site, x) {
        seen.push(`${site} ${x.shape[2]}`);
        return x;
      },
      output(site, _x, y) {
        seen.push(`${site} -> ${y.shape[2]}`);
        return y;
      },
    };
    model.forward(opsAt(layoutOf([]), [[]], batch), hooks);
    assert.equal(
      seen,
      model.sites.flatMap((site) => [`${site.name} ${site.inputs}`, `${site.name} -> ${site.outputs}`]),
    );
  });

test("after the last attention a Llama computes the scored tokens only", () => {
  const { model, batch } = tinyModel("llama");
  const rows = new Map<string, number>();
  const hooks: Hooks<Tensor> = {
    input: (_site, x) => x,
    output(site, _x, y) {
      rows.set(site, y.shape[1]);
      return y;
    },
  };
  model.forward(opsAt(layoutOf([]), [[]], batch), hooks);
  const tokens = batch.ids.flat().length;
  assert.equal(
    ["layers.0.mlp.down", "layers.1.attention.value", "layers.1.attention.output", "layers.1.mlp.down"].map((site) =>
      rows.get(site),
    ),
    [tokens, tokens, batch.ids.length, batch.ids.length],
  );
});

test("head rows are rows of lm_head, or of the embedding where tied; an encoder has none", () => {
  const weights = (name: string) => openSafetensors(`test/fixtures/models/${name}/model.safetensors`);
  for (const [name, table] of [
    ["llama", "lm_head.weight"],
    ["llama-tied", "model.embed_tokens.weight"],
  ] as const) {
    const rows = tinyModel(name).model.head?.rows([4, 0]);
    assert.equal(rows, weights(name).matrix(table, [50, 24]).rows([4, 0]));
  }
  assert.is(tinyModel("bert").model.head, null);
});

test("weights may carry the name of the model around the encoder", () => {
  const inner = openSafetensors("test/fixtures/models/bert/model.safetensors");
  const strip = (name: string) => name.replace(/^bert\./, "");
  const wrapped: Weights = {
    id: inner.id,
    names: () => inner.names().map((name) => `bert.${name}`),
    has: (name) => name.startsWith("bert.") && inner.has(strip(name)),
    matrix: (name, shape) => inner.matrix(strip(name), shape),
    vector: (name, size) => inner.vector(strip(name), size),
  };
  assert.is(
    bert(bertConfig(readJson("test/fixtures/models/bert/config.json")), wrapped).id,
    tinyModel("bert").model.id,
  );
});

test("weights of other sizes and missing weights are errors when the model is opened", () => {
  const config = llamaConfig(readJson("test/fixtures/models/llama/config.json"));
  const weights = openSafetensors("test/fixtures/models/llama/model.safetensors");
  assert.throws(
    () => llama({ ...config, intermediate: 40 }, weights),
    /mlp\.gate_proj\.weight: expected \[40,24\], got \[36,24\]/,
  );
  assert.throws(() => llama({ ...config, layers: 3 }, weights), /got "model\.layers\.2\./);
});

test.run();
