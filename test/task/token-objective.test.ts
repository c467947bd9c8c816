import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { referenceSession } from "../../src/engine/reference/session";
import type { Features, GradientLoss, ModelSession } from "../../src/engine/session";
import { tfjsSession } from "../../src/engine/tfjs/session";
import { tokenScorer } from "../../src/model/token-scorer";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { classifierObjective } from "../../src/task/classifier";
import { choiceBatch, optionBatch, scoredOption } from "../../src/task/option-batch";
import type { OptionBatch } from "../../src/task/option-batch";
import { headReadout } from "../../src/task/readout";
import { optionClassifierObjective, optionObjective, scoreOptions } from "../../src/task/token-objective";
import { layoutOf } from "../../src/tree/layout";
import { dot } from "../../src/tree/vector";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";
import { readJson, tinyModel } from "../support/tiny-models";

const test = suite("task/token-objective");
const folder = scratch();
test.after(() => folder.remove());
const near = (got: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(got - expected) <= tolerance, `${got} is not ${expected} within ${tolerance}`);

/** A session whose scores are these, whatever the point. */
function fixedScores(scores: readonly number[], width = 1): ModelSession {
  const features = (points: number): Features => ({
    data: Float32Array.from(Array.from({ length: points }, () => scores).flat()),
    points,
    texts: scores.length,
    width,
  });
  return {
    id: "fixed",
    layout: layoutOf([]),
    width,
    features: async ({ length }) => features(length),
    tangents: async () => ({ primal: features(1), tangents: features(1) }),
    dispose: async () => undefined,
  };
}

/** Two examples: options of 2 and 1 tokens, the first right; options of 1 and 2 tokens, the second right. */
const option = (...ids: readonly number[]) => scoredOption({ ids: [1, 2, ...ids], from: 2 });
const worked = optionBatch([
  { options: [option(3, 4), option(5)], label: 0 },
  { options: [option(6), option(7, 8)], label: 1 },
]);

test("an option is scored by the tokens before its own, and its last token is not fed", () => {
  assert.equal(scoredOption({ ids: [5, 6, 7, 8], from: 2 }), { ids: [5, 6, 7], scored: [1, 2], targets: [7, 8] });
  assert.equal(worked.input, {
    ids: [
      [1, 2, 3],
      [1, 2],
      [1, 2],
      [1, 2, 7],
    ],
    scored: [[1, 2], [1], [1], [1, 2]],
    targets: [[3, 4], [5], [6], [7, 8]],
  });
});

test("encoded choices become a batch of all options, or of the one to train on", () => {
  const encoded = (ids: readonly number[]) => ({ ids, from: 2, cut: 0 });
  const choices = [
    { options: [encoded([1, 2, 3, 4]), encoded([1, 2, 5])], right: [0] },
    { options: [encoded([1, 2, 6]), encoded([1, 2, 7, 8])], right: [1, 0] },
  ];
  assert.equal(choiceBatch(choices, [0, 1], "all"), { ...worked, right: [[0], [1, 0]] });
  assert.equal(choiceBatch(choices, [0], "all").right, undefined, "one right option each");
  assert.equal(choiceBatch(choices, [1, 0], "right"), {
    input: {
      ids: [
        [1, 2, 7],
        [1, 2, 3],
      ],
      scored: [
        [1, 2],
        [1, 2],
      ],
      targets: [
        [7, 8],
        [3, 4],
      ],
    },
    options: [1, 1],
    labels: [0, 0],
  });
  throwsWith(() => choiceBatch(choices, [2], "all"), "index: expected 0..1, got 2");
});

test("the worked losses: the mean over the right options' tokens, and cross-entropy over mean log-probabilities", async () => {
  const session = fixedScores([-1, -2, -3, -4, -5, -7]);
  // Right tokens -1, -2, -5, -7: mean 15 / 4
  const [taught] = await optionObjective(session).losses([new Float32Array(0)], worked);
  near(taught!, 3.75, 1e-12);
  // Means (-1.5, -3) with the first right: log(1 + e^-1.5); (-4, -6) with the second right: log(1 + e^2)
  assert.equal(await scoreOptions(session, new Float32Array(0), worked), [
    [-1.5, -3],
    [-4, -6],
  ]);
  const [loss] = await optionClassifierObjective(session).losses([new Float32Array(0)], worked);
  near(loss!, (Math.log1p(Math.exp(-1.5)) + Math.log1p(Math.exp(2))) / 2, 1e-12);
});

test("teacher forcing of transformers: its own cross-entropy over the texts' tokens", async () => {
  const { ids, models } = readJson("test/fixtures/models/scores.json") as {
    readonly ids: readonly (readonly number[])[];
    readonly models: Readonly<Record<string, { readonly scores: readonly number[] }>>;
  };
  for (const name of ["llama", "opt"] as const) {
    // The third text has one token alone: nothing to teach.
    const texts = ids.filter((text) => text.length > 1);
    const batch = optionBatch(texts.map((text) => ({ options: [scoredOption({ ids: text, from: 1 })], label: 0 })));
    const all = models[name]!.scores;
    const taught = all.filter((_, k) => k !== 6 + 2);
    const model = tokenScorer(tinyModel(name).model);
    const session = referenceSession(model, makeAdapter({ kind: "none" }, model));
    const [loss] = await optionObjective(session).losses([new Float32Array(0)], batch);
    near(loss!, -taught.reduce((a, b) => a + b, 0) / taught.length, 1e-6);
  }
});

const prompts = [
  [3, 17, 42],
  [7, 31],
  [12, 0, 44, 23],
];
const several: OptionBatch = optionBatch(
  prompts.map((prompt, b) => ({
    options: [[9], [4, 11], [21, 2, 30]].map((own) => scoredOption({ ids: [...prompt, ...own], from: prompt.length })),
    label: b % 3,
  })),
);

test("where all words are single tokens it is the loss, derivative and gradient of the label words' rows", async () => {
  const words = [9, 4, 21];
  const labels = [0, 2, 1];
  const { model } = tinyModel("llama-tied");
  const adapter = makeAdapter({ kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] }, model);
  const point = normals(randomKey(3, "check"), adapter.layout.size).map((x) => 0.1 * x);
  const directions = [1, 2].map((i) => normals(randomKey(i, "check"), point.length));
  const options = optionBatch(
    prompts.map((prompt, b) => ({
      options: words.map((word) => scoredOption({ ids: [...prompt, word], from: prompt.length })),
      label: labels[b]!,
    })),
  );
  const byRows = classifierObjective(referenceSession(model, adapter), headReadout(model.head!, words));
  const byOptions = optionClassifierObjective(referenceSession(tokenScorer(model), adapter));
  const expected = await byRows.derivatives(point, directions, { input: { ids: prompts }, labels });
  const found = await byOptions.derivatives(point, directions, options);
  near(found.loss, expected.loss, 1e-6);
  found.derivatives.forEach((value, q) => near(value, expected.derivatives[q]!, 1e-5));
  const [ours, theirs] = [
    await byOptions.gradient!(point, options),
    await byRows.gradient!(point, { input: { ids: prompts }, labels }),
  ];
  assert.ok(Math.max(...ours.gradient.map((x, i) => Math.abs(x - theirs.gradient[i]!))) < 1e-5);
});

for (const [name, objective] of Object.entries({ optionObjective, optionClassifierObjective }))
  test(`${name}: derivatives are differences of the losses and <gradient, z>, on every engine`, async () => {
    const model = tokenScorer(tinyModel("llama-tied").model);
    const adapter = makeAdapter({ kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] }, model);
    const point = normals(randomKey(3, "check"), adapter.layout.size).map((x) => 0.1 * x);
    const directions = [1, 2].map((i) => normals(randomKey(i, "check"), point.length));
    const judge = objective(referenceSession(model, adapter));
    const expected = await judge.derivatives(point, directions, several);
    for (const [q, z] of directions.entries()) {
      const epsilon = 2 ** -11;
      const at = (sign: number) => point.map((x, i) => x + sign * epsilon * z[i]!);
      const [plus, minus] = await judge.losses([at(1), at(-1)], several);
      near(expected.derivatives[q]!, (plus! - minus!) / (2 * epsilon), 3e-3);
    }
    const sessions = [
      await onnxSession(model, adapter, { threads: 1, cacheDirectory: folder.file("cache") }),
      await tfjsSession(model, adapter, { backends: ["wasm"] }),
      referenceSession(model, adapter),
    ];
    for (const session of sessions) {
      const here = objective(session);
      const found = await here.derivatives(point, directions, several);
      near(found.loss, expected.loss, 1e-5);
      found.derivatives.forEach((value, q) => near(value, expected.derivatives[q]!, 1e-4));
      const [first, second] = await here.losses([point, directions[0]!], several);
      near(first!, expected.loss, 1e-5);
      near(second!, (await judge.losses([directions[0]!], several))[0]!, 1e-4);
      const { loss, gradient } = await here.gradient!(point, several);
      near(loss, expected.loss, 1e-5);
      for (const [q, z] of directions.entries()) near(dot(gradient, z), expected.derivatives[q]!, 1e-4);
      await session.dispose();
    }
  });

test("an option without tokens, a label that is none, and a session of another kind are errors", async () => {
  throwsWith(() => scoredOption({ ids: [1, 2], from: 2 }), "option: expected tokens of its own from 1..1 on, got 2");
  throwsWith(() => scoredOption({ ids: [1, 2], from: 0 }), "option: expected tokens of its own from 1..1 on, got 0");
  throwsWith(() => optionBatch([]), "examples: expected at least one");
  throwsWith(() => optionBatch([{ options: [], label: 0 }]), "examples[0].options: expected at least one");
  throwsWith(() => optionBatch([{ options: [option(3)], label: 1 }]), "examples[0].label: expected an option in 0..0");
  throwsWith(() => optionObjective(fixedScores([-1], 4)), "session: expected one of a token scorer (width 1)");
  await rejectsWith(
    scoreOptions(fixedScores([-1, -2]), new Float32Array(0), worked),
    "features: expected 1 points x 6 tokens",
  );
});

test("where no score decides the weights, loss and gradient are one call of the engine; else it pulls back", async () => {
  const asked: GradientLoss[] = [];
  const session: ModelSession = {
    ...fixedScores([-1, -2, -4, -8, -16, -32]),
    async gradient(point, batch, loss) {
      asked.push(loss);
      const features = await fixedScores([-1, -2, -4, -8, -16, -32]).features([point], batch);
      return { features, gradient: new Float32Array(0) };
    },
  };
  const point = new Float32Array(0);
  for (const objective of [optionObjective(session), optionClassifierObjective(session)])
    near((await objective.gradient!(point, worked)).loss, (await objective.losses([point], worked))[0], 1e-12);
  const [weighted, pulled] = asked;
  assert.equal(weighted, { weights: Float64Array.of(-1 / 4, -1 / 4, 0, 0, -1 / 4, -1 / 4), classes: null });
  assert.type(pulled, "function");
});

test.run();
