import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chooseSites, inLayers, layerOf } from "../../src/adapter/choose-sites";
import { descriptions } from "../support/descriptions";
import { throwsWith } from "../support/throws";

const test = suite("adapter/choose-sites");

const sites = descriptions.smollm2;
const names = (targets: readonly string[]) => chooseSites(targets, sites).map(({ name }) => name);

test("a target is last words, a whole name, or a pattern with stars", () => {
  assert.is(names(["query", "value"]).length, 60);
  assert.equal(names(["layers.3.mlp.up"]), ["layers.3.mlp.up"]);
  assert.is(names(["mlp.up"]).length, 30);
  assert.equal(names(["*.mlp.up"]), names(["up"]));
  assert.equal(
    names(["layers.3.attention.*"]),
    ["query", "key", "value", "output"].map((word) => `layers.3.attention.${word}`),
  );
  assert.equal(names(["*"]).length, sites.length);
});

test("dots are dots, parts of words are no words, and order and number are the model's", () => {
  throwsWith(() => names(["layers.3.attention_query"]), "got");
  throwsWith(() => names(["uery"]), "got");
  assert.equal(names(["value", "query", "*.value"]), names(["query", "value"]));
  assert.not.ok(names(["layers.1.*"]).includes("layers.11.mlp.up"));
});

test("layers are chosen by number or from one on", () => {
  assert.is(inLayers(sites, undefined), sites);
  assert.equal([...new Set(inLayers(sites, { from: 28 }).map(layerOf))], [28, 29]);
  assert.equal([...new Set(inLayers(sites, [2, 0]).map(layerOf))], [0, 2]);
  assert.is(layerOf({ name: "encoder.layer.7.output.dense.weight" }), 7);
  assert.is(layerOf({ name: "embeddings.LayerNorm.weight" }), null);
});

test("what is not there is told with what is", () => {
  throwsWith(
    () => names(["q_proj"]),
    `targets: expected words that end a site's name (query, key, value, output, gate, up, down; or whole names like layers.0.attention.query, stars allowed), got "q_proj"`,
  );
  throwsWith(() => names([]), "targets: expected at least one of query, key, value");
  throwsWith(() => inLayers(sites, [30]), "layers: expected layers 0..29, got 30");
  throwsWith(() => inLayers(sites, { from: -1 }), "layers: expected layers 0..29, got -1");
  throwsWith(() => inLayers(sites, []), "layers: expected at least one layer, got []");
});

test.run();
