import { suite } from "uvu";
import * as assert from "uvu/assert";
import { llama, llamaConfig } from "../../src/model/llama";
import type { Tap, Weights } from "../../src/model/model";
import { modelOf } from "../../src/model/model-of";
import { rowsFrom } from "../../src/model/parts";
import type { Hooks } from "../../src/ops/ops";
import { openSafetensors } from "../../src/weights/safetensors";
import type { Tensor } from "../../src/engine/reference/tensor";
import { layoutOf } from "../../src/tree/layout";
import { opsAt } from "../support/ops-at";
import { throwsWith } from "../support/throws";
import { readJson, tinyModel, tinyModelNames, tinyWeights } from "../support/tiny-models";
import type { TinyModel } from "../support/tiny-models";

const test = suite("model/model");

for (const name of tinyModelNames)
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

/** How many tokens of the batch each site computes. */
function tokensBySite({ model, batch }: TinyModel, tap?: Tap<Tensor>): ReadonlyMap<string, number> {
  const rows = new Map<string, number>();
  const hooks: Hooks<Tensor> = {
    input: (_site, x) => x,
    output(site, _x, y) {
      rows.set(site, y.shape[1]);
      return y;
    },
  };
  model.forward(opsAt(layoutOf([]), [[]], batch), hooks, tap);
  return rows;
}

for (const [name, last] of [
  ["llama", "scored"],
  ["opt", "scored"],
  ["roberta-masked", "scored"],
  ["roberta", "all"],
] as const)
  test(`${name}: after the last attention ${last} tokens are computed, all of them for a tap`, () => {
    const tiny = tinyModel(name);
    const [texts, tokens] = [tiny.batch.ids.length, tiny.batch.ids.flat().length];
    const rows = tokensBySite(tiny);
    assert.is(rows.get("layers.0.mlp.down"), tokens);
    assert.is(rows.get("layers.1.attention.value"), tokens);
    const expected = last === "all" ? tokens : texts;
    assert.equal([rows.get("layers.1.attention.output"), rows.get("layers.1.mlp.down")], [expected, expected]);
    const tapped = tokensBySite(tiny, () => undefined);
    assert.ok([...tapped.values()].every((count) => count === tokens));
  });

test("head rows are rows of lm_head, or of the embedding where tied; a sentence encoder has none", () => {
  const weights = (name: "llama" | "llama-tied") => openSafetensors(tinyWeights(name));
  for (const [name, table] of [
    ["llama", "lm_head.weight"],
    ["llama-tied", "model.embed_tokens.weight"],
  ] as const) {
    const rows = tinyModel(name).model.head?.rows([4, 0]);
    assert.equal(rows, weights(name).matrix(table, [50, 24]).rows([4, 0]));
  }
  assert.is(tinyModel("bert").model.head, null);
});

test("a masked-LM head has a bias, a causal one has none", () => {
  const weights = openSafetensors(tinyWeights("roberta-masked"));
  const all = weights.vector("lm_head.bias", 50).read();
  assert.equal(tinyModel("roberta-masked").model.head?.bias([4, 0]), Float32Array.of(all[4], all[0]));
  assert.is(tinyModel("opt").model.head?.bias([4, 0]), null);
});

test("positions from a row of the table on: what is before belongs to no token", () => {
  const table = openSafetensors(tinyWeights("roberta")).matrix("embeddings.position_embeddings.weight", [18, 24]);
  const view = rowsFrom(table, 2);
  assert.equal(view.shape, [16, 24]);
  assert.equal(view.rows([3, 0]), table.rows([5, 2]));
  assert.equal(view.read(), table.read().slice(48));
  assert.is(tinyModel("roberta").model.context, 16);
});

/** Weights whose tensors are asked for under other names: `inner` gives the file's name, null for names that there are not. */
function renamed(weights: Weights, inner: (name: string) => string | null): Weights {
  return {
    id: weights.id,
    names: () => [],
    has: (name) => weights.has(inner(name) ?? ""),
    matrix: (name, shape) => weights.matrix(inner(name) ?? "", shape),
    vector: (name, size) => weights.vector(inner(name) ?? "", size),
  };
}

for (const [name, prefix] of [
  ["bert", "bert."],
  ["roberta", "roberta."],
] as const)
  test(`${name}: weights may carry the name of the model around the encoder`, () => {
    const weights = openSafetensors(tinyWeights(name));
    const wrapped = renamed(weights, (asked) => (asked.startsWith(prefix) ? asked.slice(prefix.length) : null));
    assert.is(modelOf(readJson(`test/fixtures/models/${name}/config.json`), wrapped).id, tinyModel(name).model.id);
  });

test("language models open without the name of the model around the decoder", () => {
  for (const [name, prefix] of [
    ["llama-tied", "model."],
    ["opt", "model."],
    ["opt", "model.decoder."],
  ] as const) {
    const bare = renamed(openSafetensors(tinyWeights(name)), (asked) => `${prefix}${asked}`);
    assert.is(modelOf(readJson(`test/fixtures/models/${name}/config.json`), bare).id, tinyModel(name).model.id);
  }
});

test("norms may be called gamma and beta", () => {
  const norm = /LayerNorm\.(weight|bias)$/;
  const old = renamed(openSafetensors(tinyWeights("bert")), (asked) =>
    norm.test(asked) ? null : asked.replace(/\.gamma$/, ".weight").replace(/\.beta$/, ".bias"),
  );
  const model = modelOf(readJson("test/fixtures/models/bert/config.json"), old);
  const hooks: Hooks<Tensor> = { input: (_site, x) => x, output: (_site, _x, y) => y };
  const { batch, model: named } = tinyModel("bert");
  const ops = opsAt(layoutOf([]), [[]], batch);
  assert.equal(model.forward(ops, hooks), named.forward(ops, hooks));
});

test("an unknown architecture is refused with those that are known", () => {
  throwsWith(
    () => modelOf({ model_type: "gpt2" }, openSafetensors(tinyWeights("bert"))),
    'config.model_type: expected "bert" or "roberta" or "llama" or "mistral" or "qwen2" or "opt", got "gpt2"',
  );
});

test("weights of other sizes and missing weights are errors when the model is opened", () => {
  const config = llamaConfig(readJson("test/fixtures/models/llama/config.json"));
  const weights = openSafetensors("test/fixtures/models/llama/model.safetensors");
  throwsWith(
    () => llama({ ...config, intermediate: 40 }, weights),
    /mlp\.gate_proj\.weight: expected \[40,24\], got \[36,24\]/,
  );
  throwsWith(() => llama({ ...config, layers: 3 }, weights), /got "model\.layers\.2\./);
});

test.run();
