import { suite } from "uvu";
import { makeAdapter } from "../../../src/adapter/make-adapter";
import { prefixOfTokens } from "../../../src/engine/reference/prefix-of-tokens";
import { referenceFeatures64 } from "../../../src/engine/reference/session";
import { modelOf } from "../../../src/model/model-of";
import { openSafetensors } from "../../../src/weights/safetensors";
import { near } from "../../support/near";
import { throwsWith } from "../../support/throws";
import { readJson, tinyModel, tinyWeights } from "../../support/tiny-models";

const test = suite("engine/reference/prefix-of-tokens");

test("where positions do not matter, a prefix of a text's first tokens stands for them", () => {
  // Rotary angles over 10^12 turn nothing: [3, 17, 42] before [8, 29] is the text [3, 17, 42, 8, 29].
  const config = readJson("test/fixtures/models/llama-tied/config.json") as object;
  const still = { ...config, rope_scaling: { rope_type: "linear", factor: 1e12 } };
  const model = modelOf(still, openSafetensors(tinyWeights("llama-tied")));
  const adapter = makeAdapter({ kind: "prefix", tokens: 3 }, model);
  const point = prefixOfTokens(model, adapter, [3, 17, 42]);
  const texts = [[8, 29], [5]];
  const whole = texts.map((text) => [3, 17, 42, ...text]);
  const none = makeAdapter({ kind: "none" }, model);
  near(
    referenceFeatures64(model, adapter, [point], { ids: texts }).data,
    referenceFeatures64(model, none, [[]], { ids: whole }).data,
    1e-6,
  );
});

test("another adapter, and another number of tokens, are errors", () => {
  const { model } = tinyModel("opt");
  const adapter = makeAdapter({ kind: "prefix", tokens: 3 }, model);
  throwsWith(() => prefixOfTokens(model, makeAdapter({ kind: "none" }, model), [1]), 'expected one of kind "prefix"');
  throwsWith(() => prefixOfTokens(model, adapter, [1, 2]), "ids");
});

test.run();
