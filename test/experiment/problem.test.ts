import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { referenceSession } from "../../src/engine/reference/session";
import { fitProbe } from "../../src/experiment/linear-probe";
import { makeProblem } from "../../src/experiment/problem";
import type { Problem } from "../../src/experiment/problem";
import { rejectsWith } from "../support/throws";
import { evaluateReadout, readAll } from "../../src/task/classifier";
import { fitScale } from "../../src/task/fit-scale";
import { leaveOneOutCosines } from "../../src/task/readout";
import { classChance } from "../../src/task/chance";
import { promptText } from "../../src/task/reading";
import { tinyModel } from "../support/tiny-models";
import { tinyLoaded, tinyOptions, tinyProblem, tinyTexts } from "../support/tiny-problem";

const test = suite("experiment/problem");
const firstBatches = (problem: Problem, batchSize?: number) =>
  Array.from({ length: 9 }, (_, step) => problem.batches(batchSize).at(step));

test("16 questions in batches of 4 are epochs of 4 steps, in which each question comes once", async () => {
  // 16 / 4 = 4 steps; 2 shots for each of them are 12 prototypes
  const problem = await tinyProblem("bert");
  const { stepsPerEpoch, at } = problem.batches();
  assert.is(stepsPerEpoch, 4);
  assert.equal(problem.chance, classChance(problem.sample.counts.dev));
  assert.is(problem.chanceLoss, problem.chance.loss);
  assert.is(problem.sample.parts.prototypes.length, 12);
  assert.equal([problem.readout.classes, problem.readout.width, problem.readout.scale], [6, 24, 20]);
  const { tokenizer } = problem.loaded;
  const epoch = [0, 1, 2, 3].flatMap((step) => at(step).input.ids.map((ids) => ids.join()));
  const train = problem.sample.parts.train.map((example) =>
    tokenizer.encode(promptText(problem.task, "pooled", example)).join(),
  );
  assert.equal(epoch.sort(), train.sort());
  assert.is(at(0).input.scored, undefined);
});

test("a language model is scored at the last token, on the head's rows of the label words", async () => {
  // the folded tokenizer gives " terrible" id 0 and " great" id 1
  const problem = await tinyProblem("llama");
  const rows = tinyLoaded("llama").model.head!.rows([0, 1]);
  assert.equal([...problem.readout.rows], [...rows]);
  const [bad, good] = problem.sample.counts.dev;
  const share = bad / (bad + good);
  const entropy = -share * Math.log(share) - (1 - share) * Math.log(1 - share);
  assert.ok(Math.abs(problem.chanceLoss - entropy) < 1e-12);
  assert.is(problem.sample.parts.prototypes.length, 0);
  const { input } = problem.batches().at(0);
  assert.equal(
    input.scored,
    input.ids.map((ids) => ids.length - 1),
  );
});

test("batches are a pure function of the seed, in any order of asking", async () => {
  const [problem, again, other] = [
    await tinyProblem("bert"),
    await tinyProblem("bert"),
    await tinyProblem("bert", { seed: 4 }),
  ];
  const batches = firstBatches(problem);
  assert.equal(again.batches().at(7), batches[7]);
  assert.equal(firstBatches(again), batches);
  assert.not.equal(firstBatches(other), batches);
  assert.is(problem.batches(16).stepsPerEpoch, 1);
  assert.is(problem.batches(16).at(3).labels.length, 16);
});

test("the seed draws the order of the texts within an epoch too, not only the texts", async () => {
  const orderOf = async (seed: number) => {
    const problem = await tinyProblem("bert", { seed });
    const { tokenizer } = problem.loaded;
    const train = problem.sample.parts.train.map((example) =>
      tokenizer.encode(promptText(problem.task, "pooled", example)).join(),
    );
    const { at } = problem.batches();
    return [0, 1, 2, 3].flatMap((step) => at(step).input.ids.map((ids) => train.indexOf(ids.join())));
  };
  assert.not.equal(await orderOf(3), await orderOf(4));
});

test("other prototypes of the same texts have another fingerprint", async () => {
  const [loaded, texts] = [tinyLoaded("bert"), await tinyTexts("bert")];
  const hashAt = async (sign: number) => {
    const { dataHash } = await makeProblem(loaded, texts, tinyOptions, async ({ model }) => {
      const session = referenceSession(model, makeAdapter({ kind: "none" }, model.sites));
      const features = async (...of: Parameters<typeof session.features>) => {
        const found = await session.features(...of);
        return { ...found, data: found.data.map((value) => sign * value) };
      };
      return { ...session, features };
    });
    return dataHash;
  };
  assert.is(await hashAt(1), (await tinyProblem("bert")).dataHash);
  assert.is.not(await hashAt(1), await hashAt(-1));
});

test("the data's fingerprint is that of prototypes, train and dev: each changes it, the test split does not", async () => {
  const { dataHash } = await tinyProblem("bert");
  assert.is((await tinyProblem("bert")).dataHash, dataHash);
  assert.is((await tinyProblem("bert", { test: 5 })).dataHash, dataHash);
  for (const changes of [{ seed: 4 }, { train: 15 }, { dev: 11 }, { shots: 1 }, { maxTokens: 8 }])
    assert.is.not((await tinyProblem("bert", changes)).dataHash, dataHash, JSON.stringify(changes));
});

test("one changed word of one training text, or one label, changes the fingerprint", async () => {
  const texts = await tinyTexts("llama");
  const before = await tinyProblem("llama", {}, texts);
  const [chosen] = before.sample.parts.train;
  for (const change of [{ fields: { sentence: `${chosen.fields["sentence"]} indeed` } }, { label: 1 - chosen.label }]) {
    const train = texts.splits.train!.map((example) =>
      example.where.line === chosen.where.line ? { ...example, ...change } : example,
    );
    const after = await tinyProblem("llama", { maxTokens: 16 }, { ...texts, splits: { ...texts.splits, train } });
    const same = await tinyProblem("llama", { maxTokens: 16 }, texts);
    assert.is.not(after.dataHash, same.dataHash);
  }
});

test("no text of the test split is in train, dev or the prototypes", async () => {
  const { sample } = await tinyProblem("bert", { train: 200, dev: 60, test: 60 });
  const textsOf = (part: keyof typeof sample.parts) => sample.parts[part].map(({ fields }) => fields["question"]);
  const test = new Set(textsOf("test"));
  assert.ok(test.size >= 50);
  for (const part of ["train", "dev", "prototypes"] as const)
    assert.equal(
      textsOf(part).filter((text) => test.has(text)),
      [],
    );
});

test("evaluation batches cover dev and test once", async () => {
  const problem = await tinyProblem("bert", { dev: 40 });
  assert.equal(
    problem.dev.map(({ labels }) => labels.length),
    [32, 8],
  );
  assert.is(problem.test.flatMap(({ labels }) => labels).length, tinyOptions.test);
});

test("an encoder reads reviews too: the plain sentence, against one prototype a class", async () => {
  const problem = await tinyProblem("bert", {}, await tinyTexts("llama"));
  const [first] = problem.sample.parts.dev;
  assert.equal(problem.dev[0].input.ids[0], problem.loaded.tokenizer.encode(first.fields.sentence));
  assert.equal([problem.readout.classes, problem.readout.scale], [2, 20]);
});

test("a task that the model cannot read, and limits that leave nothing, are errors", async () => {
  const questions = await tinyTexts("bert");
  if (questions.task.kind !== "classification") return assert.unreachable("questions have classes");
  await rejectsWith(
    tinyProblem("llama", {}, { ...questions, task: { ...questions.task, causal: null } }),
    "task trec: expected a prompt to continue, for this causal language model (it has a reading for masked, pooled), got",
  );
  await rejectsWith(
    tinyProblem("bert", { maxTokens: 1 }),
    "of trec: expected at least one example that passes the filter",
  );
  const { task } = questions;
  const labels = [...task.labels, "other"];
  await rejectsWith(
    tinyProblem("bert", {}, { ...questions, task: { ...task, labels } }),
    'prototypes: expected a text of each class, got "none of class other"',
  );
  const notices = (await tinyProblem("bert", { dev: 100_000 })).notices.join();
  assert.match(notices, /dev: 100000 asked for, \d+ there/);
});

test("a masked language model is not scored at the last token: a task with a prompt to continue alone is refused", async () => {
  const texts = await tinyTexts("llama");
  if (texts.task.kind !== "classification") return assert.unreachable("reviews have classes");
  const loaded = { ...tinyLoaded("bert"), title: "tiny masked bert", model: tinyModel("bert-masked").model };
  const continued = { ...texts, task: { ...texts.task, masked: null, pooled: null } };
  await rejectsWith(
    makeProblem(loaded, continued, tinyOptions, () => assert.unreachable("nothing is opened") as never),
    "task sst2: expected a prompt with a mask, for this model with a masked-LM head (it has a reading for causal), got",
  );
});

test("a fitted scale is the one with the lowest loss on shots left out of their prototypes, and leaves the prototypes as they are", async () => {
  const changes = { shots: 4, train: 8 };
  const [plain, fitted] = [
    await tinyProblem("bert", changes),
    await tinyProblem("bert", { ...changes, prototypeScale: "fitted" }),
  ];
  assert.equal([...fitted.readout.rows], [...plain.readout.rows]);
  assert.is(plain.readout.scale, 20);
  assert.is.not(fitted.dataHash, plain.dataHash);
  const session = referenceSession(fitted.loaded.model, makeAdapter({ kind: "none" }, fitted.loaded.model.sites));
  const shots = await readAll(session, fitted.shots);
  const labels = shots.flatMap((batch) => batch.labels);
  assert.is(labels.length, 24);
  const cosines = leaveOneOutCosines(shots[0].features, labels, 6)!;
  assert.is(fitted.readout.scale, fitScale(cosines, labels, 6));
  await session.dispose();
});

test("one shot a class leaves nothing to fit on: the scale is 20, and a notice says so", async () => {
  const problem = await tinyProblem("bert", { shots: 1, prototypeScale: "fitted" });
  assert.is(problem.readout.scale, 20);
  assert.ok(problem.notices.some((notice) => notice.includes("nothing to fit the temperature on: the scale is 20")));
});

test("with readout: probe a run starts where the probe on shots and train ends", async () => {
  const problem = await tinyProblem("bert", { readout: "probe" });
  const plain = await tinyProblem("bert");
  assert.equal(problem.sample.parts, plain.sample.parts, "the same texts in every part");
  const session = referenceSession(problem.loaded.model, makeAdapter({ kind: "none" }, problem.loaded.model.sites));
  const train = await readAll(session, [...problem.shots, ...problem.train]);
  const { readout, dev } = fitProbe(train, await readAll(session, problem.dev), 6);
  assert.equal([...problem.readout.rows], [...readout.rows]);
  assert.equal([...problem.readout.bias!], [...readout.bias!]);
  const start = await problem.evaluate(session, new Float32Array(0), "dev", { kind: "none" });
  assert.is(start.loss, dev.loss);
  assert.ok(Math.abs(start.perExample.reduce((a, b) => a + b, 0) / start.count - start.loss) < 1e-12);
  await session.dispose();
  const words = await tinyProblem("llama", { readout: "probe" });
  assert.is(words.readout.head, undefined);
  assert.is(words.readout.bias?.length, 2);
});

test("with readout: calibrated label words begin with a scale and a bias that are fitted on train, and stay frozen", async () => {
  const [plain, problem] = [await tinyProblem("llama"), await tinyProblem("llama", { readout: "calibrated" })];
  const session = referenceSession(problem.loaded.model, makeAdapter({ kind: "none" }, problem.loaded.model.sites));
  const lossOn = async ({ readout, train }: typeof problem) => evaluateReadout(readout, await readAll(session, train)).loss; // prettier-ignore
  assert.equal([...problem.readout.rows], [...plain.readout.rows]);
  assert.ok((await lossOn(problem)) < (await lossOn(plain)));
  assert.is(problem.readout.head, undefined);
  assert.not.equal(problem.dataHash, plain.dataHash);
  await session.dispose();
  await rejectsWith(tinyProblem("bert", { readout: "calibrated" }), "readout: expected prototypes or probe: minilm has no label words to calibrate"); // prettier-ignore
});

test.run();
