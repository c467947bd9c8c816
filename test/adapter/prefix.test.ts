import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PrefixSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { prefix } from "../../src/adapter/prefix";
import { referenceFeatures64 } from "../../src/engine/reference/session";
import { tensor } from "../../src/engine/reference/tensor";
import { llamaSites } from "../../src/model/llama";
import { layoutOf, view } from "../../src/tree/layout";
import { descriptions } from "../support/descriptions";
import { near, relativeError } from "../support/near";
import { opsAt } from "../support/ops-at";
import { readJson, tinyModel } from "../support/tiny-models";
import type { TinyModelName } from "../support/tiny-models";
import { throwsWith } from "../support/throws";

const test = suite("adapter/prefix");

const spec: PrefixSpec = { kind: "prefix", tokens: 3 };
// Grouped queries: keys and values are 2 wide.
const sites = llamaSites({ layers: 2, hidden: 4, intermediate: 5, heads: 2, kvHeads: 1, headSize: 2 });

test("one head, one token, a prefix of one: weights are the softmax over both", () => {
  // q = 2, the token's key 0 and value 1, the prefix's key (ln 3) / 2 and value 5: scores 0 and ln 3 -> (1 + 3 x 5) / 4 = 4
  const ops = opsAt(layoutOf([]), [[]]);
  const one = (value: number) => tensor([1, 1, 1], [value]);
  const before = { tokens: 1, keys: one(Math.log(3) / 2), values: one(5) };
  const options = { heads: 1, kvHeads: 1, headSize: 1, causal: true, window: 1, rotary: null };
  near(ops.attention(one(2), one(0), one(1), options, before).data, [4], 1e-14);
  near(ops.attention(one(2), one(0), one(1), options, null).data, [1], 0);
  // Scores of +-2000 overflow nothing: the larger takes all.
  near(ops.attention(one(2), one(0), one(1), options, { ...before, keys: one(1000) }).data, [5], 0);
  near(ops.attention(one(2), one(0), one(1), options, { ...before, keys: one(-1000) }).data, [1], 0);
});

test("every token sees the whole prefix, and of its text what it saw before", () => {
  // Equal scores, a prefix of two with values 10 and 20; texts [3, 4] and [5]: means over the prefix and the tokens so far.
  const ops = opsAt(layoutOf([]), [[]], { ids: [[0, 1], [2]] });
  const zero = tensor([1, 3, 1], [0, 0, 0]);
  const before = { tokens: 2, keys: tensor([1, 1, 2], [0, 0]), values: tensor([1, 1, 2], [10, 20]) };
  const options = { heads: 1, kvHeads: 1, headSize: 1, causal: true, window: null, rotary: null };
  near(ops.attention(zero, zero, tensor([1, 3, 1], [3, 4, 5]), options, before).data, [33 / 3, 37 / 4, 35 / 3], 1e-14);
});

interface Expected {
  readonly tokens: number;
  readonly models: Readonly<
    Record<
      string,
      {
        readonly prefix: readonly Readonly<Record<"key" | "value", readonly (readonly number[])[]>>[];
        readonly features: readonly (readonly number[])[];
      }
    >
  >;
}
const expected = readJson("test/fixtures/models/prefix.json") as Expected;

for (const [name, { prefix: layers, features }] of Object.entries(expected.models))
  test(`${name}: features are those of transformers with the prefix as past keys and values, positions from 0`, () => {
    const { model, batch } = tinyModel(name as TinyModelName);
    const adapter = prefix({ kind: "prefix", tokens: expected.tokens }, model.sites);
    const point = new Float64Array(adapter.layout.size);
    layers.forEach((layer, i) => {
      for (const part of ["key", "value"] as const) {
        const entry = adapter.layout.entries.find((found) => found.name === `layers.${i}.attention.prefix.${part}`);
        assert.ok(entry);
        assert.equal(entry.shape, [layer[part].length, expected.tokens]);
        point.set(layer[part].flat(), entry.offset);
      }
    });
    near(referenceFeatures64(model, adapter, [point], batch).data, features.flat(), 2e-8);
    const without = referenceFeatures64(model, makeAdapter({ kind: "none" }, model), [[]], batch).data;
    assert.ok(relativeError(features.flat(), without) > 0.1, "the prefix does something");
  });

test("a prefix whose scores are far below the text's changes nothing", () => {
  const ops = opsAt(layoutOf([]), [[]], { ids: [[0, 1]] });
  const values = (start: number) =>
    tensor(
      [1, 2, 4],
      Array.from({ length: 8 }, (_, i) => Math.sin(start + i)),
    );
  const ones = tensor([1, 2, 4], new Array<number>(8).fill(1));
  const options = { heads: 2, kvHeads: 2, headSize: 2, causal: false, window: null, rotary: null };
  const far = {
    tokens: 2,
    keys: tensor([1, 4, 2], new Array<number>(8).fill(-100)),
    values: tensor([1, 4, 2], new Array<number>(8).fill(7)),
  };
  near(
    ops.attention(ones, values(1), values(9), options, far).data,
    ops.attention(ones, values(1), values(9), options).data,
    1e-14,
  );
});

test("keys of all layers, then values; only the chosen layers; N(0, deviation^2)", () => {
  assert.equal(
    prefix(spec, sites).layout.entries.map(({ name, shape }) => `${name} ${shape.join("x")}`),
    [
      "layers.0.attention.prefix.key 2x3",
      "layers.1.attention.prefix.key 2x3",
      "layers.0.attention.prefix.value 2x3",
      "layers.1.attention.prefix.value 2x3",
    ],
  );
  assert.equal(
    prefix({ ...spec, layers: [1] }, sites).layout.entries.map(({ name }) => name),
    ["layers.1.attention.prefix.key", "layers.1.attention.prefix.value"],
  );
  const adapter = prefix({ ...spec, tokens: 10, deviation: 0.5 }, descriptions.minilm);
  const key = view(adapter.layout, adapter.initial(0), "layers.3.attention.prefix.key");
  // 3,840 values: a standard error of the variance of about 2.3 %
  const variance = key.reduce((sum, value) => sum + value * value, 0) / key.length;
  assert.ok(Math.abs(variance / 0.25 - 1) < 0.12, `variance ${variance}`);
});

test("a prefix of no tokens, and a model without attention, are errors", () => {
  throwsWith(() => prefix({ ...spec, tokens: 0 }, sites), "tokens: expected");
  throwsWith(() => prefix({ ...spec, deviation: -1 }, sites), "deviation: expected");
  throwsWith(
    () => prefix(spec, [{ name: "layers.0.mlp.up", inputs: 2, outputs: 2 }]),
    'sites that end in ".attention.key"',
  );
  throwsWith(() => prefix({ ...spec, layers: [2] }, sites), "layers: expected layers 0..1");
});

test.run();
