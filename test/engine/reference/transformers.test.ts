import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../../src/adapter/make-adapter";
import { referenceFeatures64, referenceSession } from "../../../src/engine/reference/session";
import { near } from "../../support/near";
import { tinyModel, type TinyModelName } from "../../support/tiny-models";

const test = suite("engine/reference/transformers");
const names: readonly TinyModelName[] = ["bert", "llama", "llama-tied"];

for (const name of names) {
  const { model, batch, features, logits } = tinyModel(name);
  const none = makeAdapter({ kind: "none" }, model.sites);

  test(`${name}: features of texts of different lengths agree with transformers`, () => {
    const got = referenceFeatures64(model, none, [new Float32Array(0)], batch);
    assert.equal(got.shape, [1, batch.ids.length, model.width]);
    near(got.data, features.flat(), 1e-6);
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
    test(`${name}: head rows times features are the logits of transformers`, () => {
      const { data } = referenceFeatures64(model, none, [new Float32Array(0)], batch);
      const ids = [13, 2, 49];
      if (model.head === null) throw new Error("a Llama has a head");
      const rows = model.head.rows(ids);
      const got = batch.ids.flatMap((_, b) =>
        ids.map((_id, c) => {
          let sum = 0;
          for (let h = 0; h < model.width; h++) sum += data[b * model.width + h] * rows[c * model.width + h];
          return sum;
        }),
      );
      near(got, logits.flatMap((row) => ids.map((id) => row[id])), 1e-5); // prettier-ignore
    });
}

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
  assert.throws(
    () => referenceFeatures64(model, none, [[]], { ids: [[1], []] }),
    /batch\[1\]: expected at least one token/,
  );
  assert.throws(
    () => referenceFeatures64(model, none, [[]], { ids: [[1]], scored: [1] }),
    /scored\[0\]: expected 0\.\.0, got 1/,
  );
});

test.run();
