import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { referenceFeatures64 } from "../../src/engine/reference/session";
import { modelAt, withWeights } from "../../src/model/with-weights";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { near, relativeError } from "../support/near";
import { throwsWith } from "../support/throws";
import { tinyModel, tinyModelNames } from "../support/tiny-models";

const test = suite("model/with-weights");

for (const name of tinyModelNames)
  test(`${name}: the model that is made of a point computes what full-parameter training computes there`, () => {
    const { model, batch } = tinyModel(name);
    for (const parts of [
      ["matrices", "biases", "norms", "embeddings"],
      ["matrices", "norms"],
    ] as const) {
      const adapter = makeAdapter({ kind: "full", layers: "all", parts }, model);
      const noise = normals(randomKey(3, "check"), adapter.layout.size);
      const point = adapter.initial(0).map((value, i) => value + 0.05 * noise[i]!);
      const made = modelAt(model, adapter.layout, point, "made");
      const none = makeAdapter({ kind: "none" }, made);
      const frozen = referenceFeatures64(made, none, [[]], batch).data;
      near(frozen, referenceFeatures64(model, adapter, [point], batch).data, 1e-12);
      const before = referenceFeatures64(model, makeAdapter({ kind: "none" }, model), [[]], batch).data;
      assert.ok(relativeError(frozen, before) > 1e-3);
      assert.is(made.id, "made");
      // What is trained on from there begins there.
      assert.equal(makeAdapter(adapter.spec, made).initial(0), point);
    }
  });

test("a head reads the other rows, a tied one those of the table; what has no other values is as it was", () => {
  const { model } = tinyModel("llama-tied");
  const { name, shape } = model.head!.weight;
  const table = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => i);
  const made = withWeights(model, (asked) => (asked === name ? table : null));
  assert.equal(made.head!.rows([2]), table.slice(2 * shape[1], 3 * shape[1]));
  assert.is(made.head!.weight.source, undefined);
  assert.is(made.id, model.id);
  const same = withWeights(model, () => null);
  assert.equal(same.head!.rows([2, 0]), model.head!.rows([2, 0]));
});

test("a point of another length is refused", () => {
  const { model } = tinyModel("bert");
  const { layout } = makeAdapter({ kind: "full", layers: "all" }, model);
  throwsWith(() => modelAt(model, layout, new Float32Array(3), "x"), `point: expected length ${layout.size}, got 3`);
});

test.run();
