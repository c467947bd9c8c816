import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { referenceSession } from "../../src/engine/reference/session";
import type { Arm } from "../../src/experiment/arm";
import { makeTrainable } from "../../src/experiment/make-trainable";
import { FROZEN } from "../../src/experiment/plan";
import { armOptions } from "../../src/experiment/run-arm";
import { runStill } from "../../src/experiment/run-still";
import { adazeta } from "../../src/optimizer/method";
import type { LoadedTask } from "../../src/task/load-task";
import { copa } from "../../src/task/defs/copa";
import { squad } from "../../src/task/defs/squad";
import type { Example, Task } from "../../src/task/task";
import { train } from "../../src/train/train";
import { rejectsWith } from "../support/throws";
import { tinyLoaded } from "../support/tiny-problem";

const test = suite("experiment/option-problem");
const NOTHING = new Float32Array(0);
const LORA: AdapterSpec = { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] };
const options = { seed: 1, batchSize: 4, train: 8, dev: 6, test: 5 };
const unused = (): never => {
  throw new Error("a causal model needs no prototypes");
};

function loadedOf(task: Task, exampleAt: (i: number) => Omit<Example, "where">): LoadedTask {
  const part = (from: number, count: number): readonly Example[] =>
    Array.from({ length: count }, (_, i) => ({ ...exampleAt(from + i), where: { file: "made", line: i + 1 } }));
  return {
    task,
    splits: { train: part(0, 20), validation: part(20, 8), test: null },
    origin: { kind: "samples", description: `${task.name}, made`, hash: "0" },
    notices: [],
  };
}

const choices = loadedOf(copa, (i) => ({
  fields: { premise: `It was ${i} and rained.`, first: `It got ${i}.`, second: "We stayed dry.", question: "effect" },
  label: i % 2,
}));
const questions = loadedOf({ ...squad, newTokens: 4 }, (i) => ({
  fields: { title: "Numbers", context: `The number is ${i} here.`, question: "Which number?" },
  label: 0,
  answers: [String(i)],
}));
const open = (task: LoadedTask) => makeTrainable(tinyLoaded("llama"), task, options, unused);

test("a choice is trained on the right option alone and judged among all", async () => {
  const problem = await open(choices);
  assert.is(problem.chanceLoss.toFixed(4), Math.log(2).toFixed(4));
  const { stepsPerEpoch, at } = problem.batches();
  assert.is(stepsPerEpoch, 2);
  const batch = at(0) as object as { readonly options: readonly number[] };
  assert.equal(batch.options, [1, 1, 1, 1]);
  const session = referenceSession(problem.sessionModel, makeAdapter(FROZEN, problem.sessionModel));
  const dev = await problem.evaluate(session, NOTHING, "dev", FROZEN);
  assert.is(dev.count, 6);
  assert.is(dev.metrics["accuracy"], dev.accuracy);
  assert.ok(dev.loss > 0 && Number.isInteger(dev.accuracy * 6));
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
  const arm: Arm = {
    name: "AdaZeta",
    adapter: LORA,
    method: adazeta({ exponent: 1, learningRate: 1e-3 }),
    budget: { kind: "steps", steps: 4 },
    batchSize: 4,
  };
  const { steps, evaluations, header } = await train({
    ...armOptions(arm, problem, adapter, session, { seed: 0, evaluateEvery: 2, stopMargin: null }),
    clock: () => 0,
  });
  assert.equal([steps.length, evaluations.length], [4, 3]);
  assert.is(header.identity.data, problem.dataHash);
  assert.ok(steps.every(({ projectedGradients }) => projectedGradients[0] !== 0));
  await session.dispose();
  await reference.dispose();
});

test("texts to write: the answer's tokens in training and on dev, the model's own answers on test", async () => {
  const problem = await open(questions);
  assert.is(problem.chanceLoss, Math.log(tinyLoaded("llama").model.vocabulary));
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

test.run();
