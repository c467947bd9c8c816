import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { bucketsOf, unbucketed } from "../../src/engine/buckets";
import { onnxSession } from "../../src/engine/onnx/session";
import type { TokenBatch } from "../../src/engine/session";
import { near } from "../support/near";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("engine/buckets");
const folder = scratch();
test.after(() => folder.remove());

const texts = (...lengths: readonly number[]): TokenBatch => ({
  ids: lengths.map((length, b) => Array.from({ length }, (_, t) => (7 * b + t) % 50)),
});
const places = (batch: TokenBatch, count: number) => bucketsOf(batch, count).map((bucket) => bucket.places);

test("the cut with the fewest padded places: one long text apart, then as many groups as save something", () => {
  assert.equal(places(texts(2, 9, 2, 3), 1), [[0, 1, 2, 3]]);
  // Whole: 4 x 81 = 324; the long one apart: 3 x 9 + 81 = 108.
  assert.equal(places(texts(2, 9, 2, 3), 2), [[0, 2, 3], [1]]);
  // 2 x 4 + 9 + 81 = 98 is better still.
  assert.equal(places(texts(2, 9, 2, 3), 3), [[0, 2], [3], [1]]);
  assert.equal(places(texts(5, 5, 5), 3), [[0, 1, 2]]);
});

test("scored positions go with their texts", () => {
  const [short, long] = bucketsOf({ ...texts(6, 2), scored: [4, 1] }, 2);
  assert.equal([short!.batch.scored, long!.batch.scored], [[1], [4]]);
});

test("the features come back in the batch's order", () => {
  const buckets = bucketsOf(texts(2, 9, 2), 2);
  const each = buckets.map(({ places: own }) => ({
    data: Float32Array.from([0, 1].flatMap((p) => own.map((place) => 10 * p + place))),
    points: 2,
    texts: own.length,
    width: 1,
  }));
  assert.equal([...unbucketed(buckets, each).data], [0, 1, 2, 10, 11, 12]);
});

test("a session with buckets has the features and tangents of one without", async () => {
  const batch = texts(7, 1, 4, 7, 2);
  for (const name of ["bert", "llama-tied"] as const) {
    const { model } = tinyModel(name);
    const adapter = makeAdapter({ kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] }, model);
    const point = adapter.initial(0).map((x, i) => x + 0.01 * (i % 5));
    const found = [];
    for (const buckets of [1, 3]) {
      const session = await onnxSession(model, adapter, {
        threads: 1,
        cacheDirectory: folder.file("cache"),
        tuning: { buckets },
      });
      const { primal, tangents } = await session.tangents(point, [point, adapter.initial(1)], batch);
      const plain = await session.features([point, adapter.initial(2)], batch);
      const again = await session.features([point], batch);
      found.push([plain, primal, tangents, again]);
      await session.dispose();
    }
    const [without, with3] = found;
    with3!.forEach((features, i) => {
      assert.equal([features.points, features.texts], [without![i]!.points, without![i]!.texts]);
      near([...features.data], [...without![i]!.data], 1e-5);
    });
  }
});

test("a number of buckets that is none is refused", () => {
  throwsWith(() => bucketsOf(texts(1), 0), "buckets: expected a positive integer, got 0");
});

test.run();
