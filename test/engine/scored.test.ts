import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { bucketsOf, unbucketed } from "../../src/engine/buckets";
import { onnxSession } from "../../src/engine/onnx/session";
import { checkTokens } from "../../src/engine/rows";
import { scoredPlaces } from "../../src/engine/scored";
import { tokenScorer } from "../../src/model/token-scorer";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("engine/scored");
const folder = scratch();
test.after(() => folder.remove());

test("positions text after text, each with its target", () => {
  const batch = { ids: [[5, 6, 7], [8], [9, 4]], scored: [[0, 2], 0, [1, 0]], targets: [[1, 2], [3], [4, 5]] };
  assert.equal(
    scoredPlaces(batch).map(({ text, at, target }) => [text, at, target]),
    [
      [0, 0, 1],
      [0, 2, 2],
      [1, 0, 3],
      [2, 1, 4],
      [2, 0, 5],
    ],
  );
  assert.equal(scoredPlaces({ ids: [[5, 6], [8]] }), [
    { text: 0, at: 1, target: null },
    { text: 1, at: 0, target: null },
  ]);
});

test("what does not match is refused by name", () => {
  const ids = [[5, 6], [7]];
  throwsWith(() => scoredPlaces({ ids, scored: [1] }), "batch.scored: expected length 2, got 1");
  throwsWith(() => scoredPlaces({ ids, scored: [[], 0] }), "scored[0]: expected at least one position, got");
  throwsWith(() => scoredPlaces({ ids, scored: [[0, 2], 0] }), "scored[0][1]: expected 0..1, got 2");
  throwsWith(() => scoredPlaces({ ids, scored: [1, 1] }), "scored[1]: expected 0..0, got 1");
  throwsWith(() => scoredPlaces({ ids, targets: [3] }), "batch.targets: expected length 2, got 1");
  throwsWith(
    () => scoredPlaces({ ids, scored: [[0, 1], 0], targets: [[3], 4] }),
    "targets[0]: expected 2, one for each scored position, got 1",
  );
});

test("a model refuses positions and targets that it cannot serve", () => {
  const { model } = tinyModel("llama");
  const scorer = tokenScorer(model);
  const pooled = tinyModel("bert").model;
  const ids = [[5, 6], [7]];
  throwsWith(
    () => checkTokens({ ids }, scorer),
    "batch.targets: expected a token for each scored position (the features are their log-probabilities), got",
  );
  throwsWith(() => checkTokens({ ids, targets: [3, 50] }, scorer), "targets[1]: expected token ids 0..49, got 50");
  throwsWith(
    () => checkTokens({ ids, scored: [[0, 1], 0] }, pooled),
    "batch.scored: expected one position a text (the features are means over whole texts), got",
  );
  checkTokens({ ids, scored: [1, 0] }, pooled);
  checkTokens({ ids, targets: [3, 99] }, model);
});

test("buckets keep each text's rows together and give them back in the batch's order", () => {
  const batch = { ids: [[1, 2, 3, 4], [5], [6, 7, 8]], scored: [[0, 3], 0, [2, 1]], targets: [[9, 8], 7, [6, 5]] };
  const buckets = bucketsOf(batch, 3);
  assert.equal(
    buckets.map(({ places }) => places),
    [[2], [3, 4], [0, 1]],
  );
  assert.equal(
    buckets.map(({ batch: { scored, targets } }) => [scored, targets]),
    [
      [[0], [7]],
      [[[2, 1]], [[6, 5]]],
      [[[0, 3]], [[9, 8]]],
    ],
  );
  const each = buckets.map(({ places }) => ({
    data: Float32Array.from(places, (place) => 10 * place),
    points: 1,
    texts: places.length,
    width: 1,
  }));
  assert.equal([...unbucketed(buckets, each).data], [0, 10, 20, 30, 40]);
});

test("several positions of a text have the features that each has alone, in their order", async () => {
  for (const name of ["llama-tied", "roberta-masked"] as const) {
    const { model } = tinyModel(name);
    const adapter = makeAdapter({ kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] }, model);
    const session = await onnxSession(model, adapter, { threads: 1, cacheDirectory: folder.file("cache") });
    const point = adapter.initial(0).map((x, i) => x + 0.01 * (i % 5));
    const ids = [[3, 17, 42, 8], [7], [12, 0, 44]];
    const several = await session.features([point], { ids, scored: [[1, 3, 0], 0, [2]] });
    assert.is(several.texts, 5);
    const one = async (text: number, at: number): Promise<readonly number[]> => {
      const alone = ids.map((list, b) => (b === text ? at : list.length - 1));
      const { data } = await session.features([point], { ids, scored: alone });
      return [...data.subarray(text * model.width, (text + 1) * model.width)];
    };
    const expected: number[] = [];
    for (const [text, at] of [
      [0, 1],
      [0, 3],
      [0, 0],
      [1, 0],
      [2, 2],
    ] as const)
      expected.push(...(await one(text, at)));
    assert.ok(Math.max(...[...several.data].map((x, i) => Math.abs(x - expected[i]!))) < 1e-5, name);
    await session.dispose();
  }
});

test.run();
