import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { describeModel } from "../../src/model/describe-model";
import { MODELS } from "../../src/model/known-models";
import { findKnownModel, knownModel } from "../../src/model/registry";
import { throwsWith } from "../support/throws";

const test = suite("model/registry");
const counted = JSON.parse(readFileSync("test/fixtures/models/parameters.json", "utf8")) as Readonly<
  Record<string, number>
>;

test("a Llama-2-7B has 6,738,415,616 parameters", () => {
  // 32 x (4 x 4096^2 + 3 x 4096 x 11008 + 2 x 4096) + 2 x 32000 x 4096 + 4096
  const { parameters, layers, width, sites } = describeModel(knownModel("llama-2-7b").config);
  assert.is(parameters, 6_738_415_616);
  assert.equal([layers, width, sites.length], [32, 4096, 7 * 32]);
});

test("every model's parameters are counted as transformers counts them", () => {
  assert.equal(Object.fromEntries(MODELS.map(({ name, config }) => [name, describeModel(config).parameters])), counted);
});

test("every model's size is within 9 % of what its authors say", () => {
  for (const { name, config, published } of MODELS) {
    const said = Number(published.slice(0, -1)) * (published.endsWith("B") ? 1e9 : 1e6);
    const { parameters } = describeModel(config);
    assert.ok(Math.abs(parameters / said - 1) < 0.09, `${name}: ${parameters} for ${published}`);
  }
});

test("what is said to rest on transformers' defaults has them, and nothing else is said to rest on more than a card", () => {
  const { transformers, defaults } = JSON.parse(readFileSync("test/fixtures/models/defaults.json", "utf8")) as {
    readonly transformers: string;
    readonly defaults: readonly string[];
  };
  const restingOn = (kind: string) => MODELS.filter(({ evidence }) => evidence.kind === kind);
  assert.equal(
    restingOn("transformers")
      .map(({ name }) => name)
      .sort(),
    defaults,
  );
  for (const { evidence } of restingOn("transformers"))
    assert.equal(evidence, { kind: "transformers", release: transformers });
  for (const { evidence, source } of MODELS) assert.is(evidence.kind === "package", source.kind === "package");
});

test("names are distinct, and a repository's name finds its model", () => {
  assert.is(new Set(MODELS.map(({ name }) => name)).size, MODELS.length);
  assert.is(knownModel("FacebookAI/roberta-large").name, "roberta-large");
  assert.is(knownModel("Llama-2-7B").name, "llama-2-7b");
  assert.is(findKnownModel("nothing"), null);
});

test("an unknown name is answered with the nearest ones", () => {
  throwsWith(() => knownModel("robert-large"), 'got "robert-large"; nearest: roberta-large');
  throwsWith(() => knownModel("opt"), "model: expected one of minilm, smollm2, ");
});

test("a description has no weights to read", () => {
  throwsWith(() => describeModel({ model_type: "gpt2" }), "config.model_type: expected");
});

test.run();
