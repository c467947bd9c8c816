import { suite } from "uvu";
import * as assert from "uvu/assert";
import { modelWeights } from "../../src/adapter/model-weights";
import { tokenMixtures } from "../../src/task/token-mixtures";
import type { MixtureSettings } from "../../src/task/token-mixtures";
import { dot } from "../support/dot";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("task/token-mixtures");

const { model } = tinyModel("bert");
const settings: MixtureSettings = { tokens: 20, latent: 4, sharpness: 2, texts: 3, shortest: 2, longest: 5 };
const ends = { first: [1], last: [2, 3] };
const make = (changes: Partial<MixtureSettings> = {}, seed = 0) =>
  tokenMixtures(model, { ...settings, ...changes }, ends, seed);
const width = model.embeddingWidth;
const table = modelWeights(model)
  .find(({ part, shape }) => part === "embeddings" && shape[0] === model.vocabulary)!
  .read();
const row = (id: number) => table.subarray(id * width, (id + 1) * width);

test("texts have their ends, which are left as they are, and between them as many tokens as are allowed", () => {
  const made = make();
  const lengths = new Set<number>();
  for (let draw = 0; draw < 20; draw++) {
    const { input, places, count, standing } = made.noise(draw);
    assert.is(count, input.ids.flat().length);
    for (const ids of input.ids) {
      assert.is(ids[0], 1);
      assert.equal(ids.slice(-2), [2, 3]);
      lengths.add(ids.length - 3);
    }
    assert.is(places.length, standing.length);
    const offset = made.offset(made.initial(), made.noise(draw));
    for (let t = 0; t < count; t++)
      assert.is(
        offset.subarray(t * width, (t + 1) * width).some((value) => value !== 0),
        places.includes(t),
      );
  }
  assert.equal([...lengths].sort(), [2, 3, 4, 5]);
});

test("what a place is read as is a mean of embeddings: with weights of 0 that of all tokens, the sharper the closer to one", () => {
  const made = make();
  const batch = made.noise(0);
  const ids = batch.input.ids.flat();
  const readAs = (weights: Float32Array, place: number) => {
    const offset = made.offset(weights, batch).subarray(place * width, (place + 1) * width);
    return row(ids[place]!).map((value, h) => value + offset[h]!);
  };
  const [first, second] = batch.places;
  near(readAs(new Float32Array(made.size), first!), readAs(new Float32Array(made.size), second!), 1e-5);
  const nearest = (vector: Float32Array) =>
    Math.min(
      ...Array.from({ length: model.vocabulary }, (_, id) => {
        const apart = row(id).map((value, h) => value - vector[h]!);
        return Math.sqrt(dot(apart, apart));
      }),
    );
  assert.ok(nearest(readAs(make({ sharpness: 500 }).initial(), first!)) < 1e-4);
  assert.ok(nearest(readAs(new Float32Array(made.size), first!)) > 1e-3);
});

test("the pull-back is the offset's central difference", () => {
  const made = make();
  const batch = made.noise(1);
  const weights = made.initial();
  const slope = Float32Array.from({ length: batch.count * width }, (_, i) => Math.sin(3 * i));
  const found = made.pullBack(weights, batch, slope);
  const z = weights.map((_, i) => Math.cos(2 * i));
  const h = 2 ** -8;
  const [ahead, behind] = [h, -h].map((by) => dot(made.offset(weights.map((value, i) => value + by * z[i]!), batch), slope)); // prettier-ignore
  near([dot(found, z)], [(ahead! - behind!) / (2 * h)], 1e-3);
});

test("it is a function of the seed, and each draw is another batch", () => {
  assert.equal(make().noise(3), make().noise(3));
  assert.equal(make().initial(), make().initial());
  assert.not.equal(make({}, 1).initial(), make().initial());
  assert.not.equal(make().noise(4).noise, make().noise(3).noise);
});

test("settings out of range are refused by name", () => {
  for (const [changes, message] of [
    [{ tokens: 0 }, "mixtures.tokens: expected a positive integer, got 0"],
    [{ tokens: 1e9 }, `mixtures.tokens: expected at most ${model.vocabulary}, the model's, got 1000000000`],
    [{ sharpness: NaN }, "mixtures.sharpness: expected a positive number, got NaN"],
    [{ shortest: 6 }, `mixtures.longest: expected 6 to ${model.context - 3} tokens, which the model reads, got 5`],
    [
      { longest: 1e6 },
      `mixtures.longest: expected 2 to ${model.context - 3} tokens, which the model reads, got 1000000`,
    ],
  ] as const)
    throwsWith(() => make(changes), message);
});

test.run();
