import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import type { Adapter, AdapterSpec } from "../../src/adapter/adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { referenceSession } from "../../src/engine/reference/session";
import type { ModelSession } from "../../src/engine/session";
import type { Arm } from "../../src/experiment/arm";
import { makeTrainable } from "../../src/experiment/make-trainable";
import { makeOptionProblem } from "../../src/experiment/option-problem";
import { withReadout } from "../../src/experiment/problem";
import type { Trainable } from "../../src/experiment/problem";
import { FROZEN } from "../../src/experiment/plan";
import { armOptions } from "../../src/experiment/run-arm";
import { runStill } from "../../src/experiment/run-still";
import { openProblem } from "../../src/notebook/open";
import { adazeta } from "../../src/optimizer/recipes";
import type { LoadedTask } from "../../src/task/loaded-task";
import { sst2 } from "../../src/task/defs/sst2";
import { choiceBatch } from "../../src/task/option-batch";
import { encodeChoices } from "../../src/task/options";
import { optionObjective, scoreOptions } from "../../src/task/token-objective";
import { train } from "../../src/train/train";
import { rejectsWith, throwsWith } from "../support/throws";
import { choices, questions } from "../support/made-options";
import { tinyLoaded, tinyOptions, tinyProblem, tinyTexts } from "../support/tiny-problem";

const test = suite("experiment/option-problem");
const NOTHING = new Float32Array(0);
const LORA: AdapterSpec = { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] };
const options = { seed: 1, batchSize: 4, train: 8, dev: 6, test: 5 };
const unused = (): never => {
  throw new Error("a causal model needs no prototypes");
};

/** AdaZeta for so many steps, with a look at dev every two. */
function trainSteps<Batch>(steps: number, problem: Trainable<Batch>, adapter: Adapter, session: ModelSession) {
  const arm: Arm = {
    name: "AdaZeta",
    adapter: LORA,
    method: adazeta({ exponent: 1, learningRate: 1e-3 }),
    budget: { kind: "steps", steps },
    batchSize: 4,
  };
  const options = armOptions(arm, problem, adapter, session, { seed: 0, evaluateEvery: 2, stopMargin: null });
  return train({ ...options, clock: () => 0 });
}
const open = (task: LoadedTask) => makeTrainable(tinyLoaded("llama"), task, options, unused);

test("a choice is trained on the right option alone and judged among all", async () => {
  const problem = await open(choices);
  assert.equal([problem.chance.accuracy, problem.chance.count], [0.5, 6]);
  const { stepsPerEpoch, at } = problem.batches();
  assert.is(stepsPerEpoch, 2);
  const batch = at(0) as object as { readonly options: readonly number[] };
  assert.equal(batch.options, [1, 1, 1, 1]);
  const session = referenceSession(problem.sessionModel, makeAdapter(FROZEN, problem.sessionModel));
  const dev = await problem.evaluate(session, NOTHING, "dev", FROZEN);
  assert.is(dev.count, 6);
  assert.is(dev.metrics["accuracy"], dev.accuracy);
  assert.ok(Number.isInteger(dev.accuracy * 6));
  // 16 options a pass: 6 examples of two options are one
  assert.is(dev.forwardPasses, 1);
  const zero = await runStill({ name: "zero-shot", kind: "zero-shot" }, problem, session, () => 0);
  assert.is(zero.still.dev.loss, dev.loss);
  await rejectsWith(
    runStill({ name: "probe", kind: "linear-probe", strengths: [1] }, problem, session, () => 0),
    "linear probe on copa: expected a task with classes",
  );
  await session.dispose();
});

test("dev is judged by the loss that training minimises, and the cross-entropy over options stands beside it", async () => {
  for (const task of [choices, questions]) {
    const problem = await makeTrainable(tinyLoaded("llama"), task, { ...options, dev: 4, train: 4 }, unused);
    const session = referenceSession(problem.sessionModel, makeAdapter(FROZEN, problem.sessionModel));
    // What the training objective finds on the dev texts as one batch.
    const encoded = encodeChoices(problem.task, problem.sample.parts.dev, problem.loaded.tokenizer, {
      context: problem.loaded.model.context,
    });
    const all = choiceBatch(encoded.choices, [0, 1, 2, 3], "right");
    const [trained] = await optionObjective(session).losses([NOTHING], all);
    const dev = await problem.evaluate(session, NOTHING, "dev", FROZEN);
    assert.ok(Math.abs(dev.loss - trained) < 1e-6, `${dev.loss} and ${trained}`);
    assert.ok(Math.abs(dev.perExample.reduce((a, b) => a + b, 0) / 4 - dev.loss) < 1e-12);
    assert.is(dev.optionLoss === undefined, task === questions);
    if (task === choices) {
      const scored = await scoreOptions(session, NOTHING, choiceBatch(encoded.choices, [0, 1, 2, 3], "all"));
      const losses = scored.map(([a, b], i) =>
        Math.log(1 + Math.exp((encoded.choices[i].right[0] === 0 ? 1 : -1) * (b - a))),
      );
      const mean = losses.reduce((a, b) => a + b, 0) / 4;
      assert.ok(Math.abs((dev.optionLoss ?? NaN) - mean) < 1e-9, `${dev.optionLoss} and ${mean}`);
    }
    await session.dispose();
  }
});

test("the same loss on ONNX Runtime, and AdaZeta takes steps along it", async () => {
  const problem = await open(choices);
  const { sessionModel } = problem;
  const adapter = makeAdapter(LORA, sessionModel);
  const session = await onnxSession(sessionModel, adapter, { threads: 1 });
  const reference = referenceSession(sessionModel, adapter);
  const start = adapter.initial(0);
  const [here, there] = await Promise.all(
    [session, reference].map((on) => problem.evaluate(on, start, "dev", adapter.spec)),
  );
  assert.ok(Math.abs(here.loss - there.loss) < 1e-4, `${here.loss} and ${there.loss}`);
  const { steps, evaluations, header } = await trainSteps(4, problem, adapter, session);
  assert.equal([steps.length, evaluations.length], [4, 3]);
  assert.ok(evaluations.every(({ optionLoss }) => Number.isFinite(optionLoss)));
  assert.is(header.identity.data, problem.dataHash);
  assert.ok(steps.every(({ projectedGradients }) => projectedGradients[0] !== 0));
  await session.dispose();
  await reference.dispose();
});

test("texts to write: the answer's tokens in training and on dev, the model's own answers on test", async () => {
  const problem = await open(questions);
  assert.ok(
    Number.isNaN(problem.chance.accuracy) && problem.chanceLoss < Math.log(tinyLoaded("llama").model.vocabulary),
  );
  const session = referenceSession(problem.sessionModel, makeAdapter(FROZEN, problem.sessionModel));
  const dev = await problem.evaluate(session, NOTHING, "dev", FROZEN);
  assert.ok(dev.loss > 0 && Number.isNaN(dev.accuracy));
  const found = await problem.evaluate(session, NOTHING, "test", FROZEN);
  assert.equal(Object.keys(found.metrics), ["token f1", "exact match"]);
  assert.is(found.accuracy, found.metrics["exact match"]);
  await session.dispose();
});

test("a task without classes has no texts a class", async () => {
  await rejectsWith(
    Promise.resolve().then(() =>
      makeTrainable(tinyLoaded("llama"), choices, { ...options, train: { perClass: 4 } }, unused),
    ),
    "train of copa: expected a number: it has no classes",
  );
});

/** SST-2 with these words, on the project's reviews. */
async function reviewsWith(words: readonly string[]): Promise<LoadedTask> {
  return { ...(await tinyTexts("llama")), task: { ...sst2, causal: { ...sst2.causal!, words } } };
}
const withoutPrototypes = { ...tinyOptions, train: { perClass: 4 } };

test("label words of one token as options give the loss and the classes of the label words' rows", async () => {
  const texts = await tinyTexts("llama");
  const byRows = await tinyProblem("llama", {}, texts);
  const byOptions = await makeOptionProblem(tinyLoaded("llama"), texts, tinyOptions);
  assert.is(byOptions.chanceLoss, byRows.chanceLoss);
  const found = await Promise.all(
    [byRows, byOptions].map((problem: Trainable<unknown>) =>
      problem.evaluate(
        referenceSession(problem.sessionModel, makeAdapter(FROZEN, problem.sessionModel)),
        NOTHING,
        "dev",
        FROZEN,
      ),
    ),
  );
  assert.ok(Math.abs(found[0].loss - found[1].loss) < 1e-6, `${found[0].loss} and ${found[1].loss}`);
  assert.equal([found[1].accuracy, found[1].metrics], [found[0].accuracy, found[0].metrics]);
});

test("label words of several tokens are options: so many a class, all of them in training, and AdaZeta takes steps", async () => {
  const texts = await reviewsWith([" terrible indeed", " great"]);
  const problem = await makeTrainable(tinyLoaded("llama"), texts, withoutPrototypes, unused);
  assert.equal(problem.sample.counts.train, [4, 4]);
  const batch = problem.batches().at(0) as object as { readonly options: readonly number[] };
  assert.equal(batch.options, [2, 2, 2, 2]);
  const adapter = makeAdapter(LORA, problem.sessionModel);
  const session = referenceSession(problem.sessionModel, adapter);
  const { steps } = await trainSteps(2, problem, adapter, session);
  assert.ok(steps.length === 2 && steps.every(({ loss }) => loss > 0));
  const { metrics, accuracy } = await problem.evaluate(session, adapter.initial(0), "test", LORA);
  assert.is(metrics["accuracy"], accuracy);
});

test("one openProblem opens a task of any kind, and what it gives says which kind it is", async () => {
  const one = await openProblem(tinyLoaded("llama"), await tinyTexts("llama"), withoutPrototypes);
  const several = await openProblem(
    tinyLoaded("llama"),
    await reviewsWith([" terrible indeed", " great"]),
    withoutPrototypes,
  );
  assert.equal([one.kind, several.kind], ["classes", "options"]);
  assert.is(one.kind === "classes" && one.readout.classes, 2);
  assert.is(withReadout(one), one);
  throwsWith(() => withReadout(several), "task sst2: expected classes that are read off features");
});

test("a fitted readout is refused where options are scored whole, naming the task", async () => {
  for (const readout of ["probe", "calibrated"] as const)
    await rejectsWith(
      (async () => makeTrainable(tinyLoaded("llama"), choices, { ...options, readout }, unused))(),
      "readout: expected none for copa, whose options are scored whole",
    );
  const asEver = await makeTrainable(tinyLoaded("llama"), choices, { ...options, readout: "prototypes" }, unused);
  assert.is(asEver.kind, "options");
});

test("words that cannot be told apart, or that only rows were asked for, are refused", async () => {
  const same = await reviewsWith([" very good", " very good"]);
  await rejectsWith(
    Promise.resolve().then(() => makeTrainable(tinyLoaded("llama"), same, withoutPrototypes, unused)),
    'label words of sst2: expected a word of its own for each class, got " very good twice"',
  );
  await rejectsWith(
    tinyProblem("llama", {}, await reviewsWith([" terrible indeed", " great"])),
    "label words: expected one token each (openProblem scores words of several tokens, as options)",
  );
  await rejectsWith(
    Promise.resolve().then(() => makeOptionProblem(tinyLoaded("bert"), same, tinyOptions)),
    "options of sst2: expected a causal language model",
  );
});

test.run();
