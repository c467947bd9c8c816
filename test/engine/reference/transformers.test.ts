import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../../src/adapter/make-adapter";
import { referenceFeatures64, referenceSession } from "../../../src/engine/reference/session";
import type { Tensor } from "../../../src/engine/reference/tensor";
import { modelOf } from "../../../src/model/model-of";
import { layoutOf } from "../../../src/tree/layout";
import { openGguf } from "../../../src/weights/gguf";
import { logitsOf } from "../../support/logits";
import { near, relativeError } from "../../support/near";
import { opsAt } from "../../support/ops-at";
import { tinyModel, tinyModelNames } from "../../support/tiny-models";
import type { TinyModelName } from "../../support/tiny-models";
import { throwsWith } from "../../support/throws";

const test = suite("engine/reference/transformers");
/** Expected values are written with 9 digits. */
const TOLERANCE = 2e-8;

for (const name of tinyModelNames) {
  const { model, batch, hidden, features, logits } = tinyModel(name);
  const none = makeAdapter({ kind: "none" }, model.sites);

  test(`${name}: every layer's hidden states agree with transformers`, () => {
    const seen: Tensor[] = [];
    const { ops, hooks } = none.bind(opsAt(layoutOf([]), [[]], batch));
    const tapped = model.forward(ops, hooks, (layer, x) => (seen[layer] = x));
    assert.is(seen.length, model.layers + 1);
    hidden.forEach((expected, layer) => near(seen[layer].data, expected.flat(), TOLERANCE, `layer ${layer}`));
    near(tapped.data, model.forward(ops, hooks).data, 1e-14, "the tap changes nothing");
  });

  if (features !== null)
    test(`${name}: features of texts of different lengths agree with transformers`, () => {
      const got = referenceFeatures64(model, none, [new Float32Array(0)], batch);
      assert.equal(got.shape, [1, batch.ids.length, model.width]);
      near(got.data, features.flat(), TOLERANCE);
    });

  test(`${name}: a text alone has the features that it has in a batch`, async () => {
    const session = referenceSession(model, none);
    const all = await session.features([new Float32Array(0)], batch);
    for (const [b, text] of batch.ids.entries()) {
      const one = await session.features([new Float32Array(0)], { ids: [text], scored: [batch.scored?.[b] ?? 0] });
      near(one.data, all.data.subarray(b * model.width, (b + 1) * model.width), 1e-7, `text ${b}`);
    }
  });

  if (logits !== null)
    test(`${name}: head rows times features, plus the head's bias, are the logits of transformers`, () => {
      const { data } = referenceFeatures64(model, none, [new Float32Array(0)], batch);
      near(logitsOf(model, data) ?? [], logits.flat(), TOLERANCE);
    });
}

for (const name of ["llama3", "llama-biases", "qwen2"] as const)
  test(`${name}: the same model in a GGUF file has the same logits`, () => {
    const { batch, features, logits } = tinyModel(name);
    const weights = openGguf(`test/fixtures/models/${name}/model.gguf`);
    const model = modelOf(weights.config, weights);
    const none = makeAdapter({ kind: "none" }, model.sites);
    const { data } = referenceFeatures64(model, none, [new Float32Array(0)], batch);
    // Divisors of rotary frequencies are written in float32.
    const tolerance = name === "llama3" ? 1e-6 : TOLERANCE;
    near(data, features?.flat() ?? [], tolerance, "features");
    near(logitsOf(model, data) ?? [], logits?.flat() ?? [], tolerance, "logits");
  });

test("rotary scaling and windows that do something are seen in what is expected", () => {
  const expected = (name: TinyModelName) => tinyModel(name).hidden[1].flat();
  for (const name of ["llama-linear", "llama3", "llama-yarn", "mistral"] as const)
    assert.ok(relativeError(expected(name), expected("llama-tied")) > 0.01, name);
  assert.equal(expected("llama-dynamic"), expected("llama-tied"));
  const last = (name: TinyModelName) => tinyModel(name).hidden[2].flat();
  assert.ok(relativeError(last("qwen2-window"), last("qwen2")) > 0.01);
});

test("the scored position is the last token where none is given", () => {
  const { model } = tinyModel("llama");
  const none = makeAdapter({ kind: "none" }, model.sites);
  const at = (scored?: readonly number[]) =>
    referenceFeatures64(model, none, [[]], scored ? { ids: [[4, 5, 6]], scored } : { ids: [[4, 5, 6]] }).data;
  assert.equal(at(), at([2]));
  assert.not.equal(at(), at([1]));
});

test("an empty text and a scored position outside its text are errors", () => {
  const { model } = tinyModel("llama");
  const none = makeAdapter({ kind: "none" }, model.sites);
  throwsWith(
    () => referenceFeatures64(model, none, [[]], { ids: [[1], []] }),
    /batch\[1\]: expected at least one token/,
  );
  throwsWith(
    () => referenceFeatures64(model, none, [[]], { ids: [[1]], scored: [1] }),
    /scored\[0\]: expected 0\.\.0, got 1/,
  );
});

test.run();
