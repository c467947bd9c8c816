import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { loadModel } from "../../src/engine/load-model";
import { onnxGenerator } from "../../src/engine/onnx/generator";
import type { OnnxGenerator } from "../../src/engine/onnx/generator";
import { onnxSession } from "../../src/engine/onnx/session";
import { referenceSession } from "../../src/engine/reference/session";
import type { Arm } from "../../src/experiment/arm";
import { makeTrainable } from "../../src/experiment/make-trainable";
import { chosenObjective } from "../../src/experiment/objective-choice";
import type { ObjectiveChoice } from "../../src/experiment/objective-choice";
import type { Trainable } from "../../src/experiment/problem";
import { makeProblem } from "../../src/experiment/problem";
import { recordKey } from "../../src/experiment/record-key";
import { armOptions } from "../../src/experiment/run-arm";
import type { ArmRun } from "../../src/experiment/run-arm";
import type { Method } from "../../src/optimizer/method";
import { firstOrder, mezo, method } from "../../src/optimizer/recipes";
import { eggroll } from "../../src/optimizer/recipes/eggroll";
import { loadTask } from "../../src/task/load-task";
import { promptTask } from "../../src/task/prompt-task";
import type { PromptText } from "../../src/task/prompt-texts";
import { ownReward } from "../../src/task/reward";
import type { RewardDefinition } from "../../src/task/reward";
import { rewards } from "../../src/task/rewards";
import { fingerprintPoint } from "../../src/train/fingerprint";
import { replay } from "../../src/train/replay";
import { train } from "../../src/train/train";
import type { TrainOptions } from "../../src/train/train";
import { trainInFile } from "../../src/train/train-in-file";
import { readTrajectory } from "../../src/train/trajectory";
import { choices, questions } from "../support/made-options";
import { findModel, missingModel, modelRoots } from "../support/models";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyLoaded, tinyProblem } from "../support/tiny-problem";

const test = suite("experiment/objective-choice");
const files = scratch();
test.after(() => files.remove());
const cacheDirectory = files.file("cache");
const LORA: AdapterSpec = { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] };
const options = { seed: 1, batchSize: 4, train: 8, dev: 6, test: 5 };
const unused = (): never => {
  throw new Error("a causal model needs no prototypes");
};
const open = () => makeTrainable(tinyLoaded("llama"), questions, options, unused);

/** A large epsilon: a metric is level between its jumps. */
const wide = (changes: Parameters<typeof mezo>[0] = {}): Method =>
  mezo({ learningRate: 0.05, perturbationScale: 0.3, queries: 2, ...changes });
const armOf = (made: Method, steps = 4): Arm => ({
  name: made.name,
  adapter: LORA,
  method: made,
  budget: { kind: "steps", steps },
  batchSize: 4,
});

interface Opened<Batch> {
  readonly made: Omit<TrainOptions<Batch>, "clock">;
  readonly close: () => Promise<void>;
}

/** A run's options on an engine, and on a writer where answers are written. */
async function runOf<Batch>(
  problem: Trainable<Batch>,
  objective: ObjectiveChoice,
  arm: Arm,
  changes: Partial<ArmRun> = {},
): Promise<Opened<Batch>> {
  const adapter = makeAdapter(arm.adapter, problem.sessionModel);
  const session = await onnxSession(problem.sessionModel, adapter, { threads: 1, cacheDirectory });
  let generator: OnnxGenerator | null = null;
  const writer = async () =>
    (generator ??= await onnxGenerator(problem.loaded.model, makeAdapter(arm.adapter, problem.loaded.model), {
      threads: 1,
      cacheDirectory,
    }));
  const how = { seed: 5, evaluateEvery: 2, stopMargin: null, objective, writer, ...changes };
  return {
    made: armOptions(arm, problem, adapter, session, how),
    close: async () => {
      await session.dispose();
      await generator?.dispose();
    },
  };
}

/** Trains in one piece, and again cut off after two steps and resumed: the record leads to the same bits. */
async function holds<Batch>(name: string, { made, close }: Opened<Batch>) {
  try {
    const whole = await trainInFile({ ...made, clock: () => 0, path: files.file(`${name}-whole.jsonl`) });
    const path = files.file(`${name}-cut.jsonl`);
    const stop = new AbortController();
    const cut = await trainInFile(
      { ...made, clock: () => 0, path, signal: stop.signal, patience: Infinity },
      (event) => {
        if (event.kind === "step" && event.record.step === 2) stop.abort();
      },
    );
    assert.equal([cut.end.reason, cut.steps.length], ["stopped", 2]);
    const resumed = await trainInFile({ ...made, clock: () => 0, path });
    assert.is(fingerprintPoint(resumed.point), fingerprintPoint(whole.point));
    assert.equal(
      resumed.steps.map(({ loss }) => loss),
      whole.steps.map(({ loss }) => loss),
    );
    const walked = replay(readTrajectory(path)!, made.start, made.layout);
    assert.is(fingerprintPoint(walked), fingerprintPoint(whole.point));
    return whole;
  } finally {
    await close();
  }
}

test("a metric is trained, recorded, resumed and replayed; its losses are minus the metric of the batch", async () => {
  const problem = await tinyProblem("bert");
  const run = await runOf(problem, "accuracy", armOf(wide()));
  assert.equal(run.made.settings.objective, { kind: "metric", metric: "accuracy" });
  assert.is(run.made.settings.best, "objective");
  const whole = await holds("accuracy", run);
  // 4 points x 4 texts: sixteenths
  for (const { loss } of whole.steps) assert.ok(loss <= 0 && Number.isInteger(loss * 16), String(loss));
  for (const { objective, accuracy } of whole.evaluations) assert.is(objective, accuracy);
  assert.ok(whole.steps.some(({ rmsProjectedGradient }) => rmsProjectedGradient > 0));
  const most = Math.max(...whole.evaluations.map(({ accuracy }) => accuracy));
  assert.is(whole.best?.evaluation.accuracy, most);
});

test("without an objective nothing of settings and keys is new", async () => {
  const problem = await tinyProblem("bert");
  const run = await runOf(problem, "loss", armOf(wide()));
  const plain = await runOf(problem, undefined as never, armOf(wide()));
  assert.equal(Object.keys(run.made.settings), Object.keys(plain.made.settings));
  assert.not("objective" in run.made.settings);
  assert.not("best" in run.made.settings);
  const other = await runOf(problem, "macro f1", armOf(wide()));
  assert.is.not(recordKey(other.made.settings), recordKey(run.made.settings));
  for (const { close } of [run, plain, other]) await close();
});

test("derivatives of a metric or a reward, and a metric that the task has not, are refused before any work", async () => {
  const problem = await tinyProblem("bert");
  const exact = firstOrder({ learningRate: 0.1 });
  const along = method("forward-gradient");
  const reward = ownReward({ name: "short", reward: () => 1, newTokens: 4 });
  for (const made of [exact, along]) {
    await rejectsWith(runOf(problem, "accuracy", armOf(made)), "the metric accuracy has no derivative");
    await rejectsWith(runOf(await open(), reward, armOf(made)), "the reward short has no derivative");
  }
  await rejectsWith(runOf(problem, "f1", armOf(wide())), "objective of trec: expected");
  await rejectsWith(runOf(problem, "exact match", armOf(wide())), "accuracy, macro f1, matthews");
  await rejectsWith(runOf(problem, "matthews", armOf(eggroll({ groups: "rank" }))), "no number for each text");
  await rejectsWith(runOf(problem, reward, armOf(wide())), "prompts that a causal language model continues");
  await rejectsWith(runOf(problem, { reward: 1 } as never, armOf(wide())), "a reward made by ownReward");
  const made = await open();
  throwsWith(() => chosenObjective(made, "accuracy"), "exact match, token f1, or a reward");
});

test("choices are trained for accuracy with all their options in the batch", async () => {
  const problem = await makeTrainable(tinyLoaded("llama"), choices, options, unused);
  const { batches, objective } = chosenObjective(problem, "accuracy");
  const session = referenceSession(problem.sessionModel, makeAdapter(LORA, problem.sessionModel));
  const batch = batches(4).at(0);
  assert.equal((batch as object as { readonly options: readonly number[] }).options, [2, 2, 2, 2]);
  const point = makeAdapter(LORA, problem.sessionModel).initial(0);
  const asked = objective(session, session.layout, 0);
  const [loss] = await asked.losses([point], batch as never);
  const [each] = await asked.each!([point], batch as never);
  assert.is(loss, each!.reduce((sum, one) => sum + one, 0) / 4);
  const dev = await problem.evaluate(session, point, "dev", LORA, "accuracy");
  assert.is(dev.metrics["accuracy"], dev.accuracy);
  await session.dispose();
});

/** Letters of the word tokenizer's answers that come early in the alphabet: any answer has some share. */
const share = (more: Partial<RewardDefinition> = {}) =>
  ownReward({
    name: "early letters",
    reward: ({ answer }) => (answer.length === 0 ? 0 : answer.replace(/[^a-m]/gi, "").length / answer.length),
    newTokens: 5,
    stop: null,
    ...more,
  });

for (const [name, more, made] of [
  ["greedy", {}, wide()],
  ["drawn", { temperature: 0.8, samples: 2 }, wide()],
  ["ranked", { temperature: 1 }, { ...wide({ queries: 3 }), combine: { kind: "rank" } }],
  ["groups", { temperature: 1 }, eggroll({ learningRate: 0.1, perturbationScale: 0.2, queries: 3, groups: "z-score" })],
  ["one pair", { temperature: 1 }, eggroll({ learningRate: 0.1, perturbationScale: 0.2, queries: 1, groups: "rank" })],
] as const satisfies readonly (readonly [string, Partial<RewardDefinition>, Method])[])
  test(`a reward is trained, recorded, resumed and replayed: ${name}`, async () => {
    const run = await runOf(await open(), share(more), armOf(made));
    assert.is(run.made.settings.objective?.kind, "reward");
    const whole = await holds(`reward-${name}`, run);
    for (const { loss, projectedGradients } of whole.steps) {
      assert.ok(loss <= 0 && loss >= -1, String(loss));
      assert.ok(projectedGradients.every(Number.isFinite));
    }
    assert.ok(
      whole.steps.some(({ rmsProjectedGradient }) => rmsProjectedGradient > 0),
      "some direction made a difference",
    );
    for (const { objective } of whole.evaluations) assert.ok(objective! >= 0 && objective! <= 1);
    assert.is(whole.steps.at(-1)!.forwardPasses, 4 * 2 * whole.steps[0]!.queries);
  });

test("a reward that leaves open where an answer ends is recorded with its task's end", async () => {
  const problem = await open();
  const { task } = problem;
  assert.ok(task.kind === "generation");
  const { spec } = chosenObjective(problem, ownReward({ name: "one", reward: () => 1 }));
  assert.ok(spec?.kind === "reward");
  assert.equal(spec.writing, { newTokens: task.newTokens, stop: task.stop, temperature: 0, samples: 1 });
  assert.equal(Object.keys(spec).sort(), ["kind", "name", "onError", "source", "timeLimit", "writing"]);
});

test("all members of a step see the same numbers, another step others", async () => {
  const problem = await open();
  const { made, close } = await runOf(problem, share({ temperature: 1 }), armOf(wide()));
  try {
    const batch = await made.batchAt(0);
    const [first, again] = await made.objective.each!([made.start, made.start], batch);
    assert.equal(first, again);
    assert.equal(await made.objective.losses([made.start], batch), [first!.reduce((sum, one) => sum + one, 0) / 4]);
    const later: typeof batch = { ...batch, ...{ step: 9 } };
    assert.not.equal(await made.objective.each!([made.start], later), [first]);
  } finally {
    await close();
  }
});

test("exact match of written answers is a metric of their own", async () => {
  const { made, close } = await runOf(await open(), "token f1", armOf(wide(), 1));
  assert.equal(made.settings.objective, { kind: "metric", metric: "token f1" });
  const run = await train({ ...made, clock: () => 0 });
  assert.is(run.end.reason, "finished");
  assert.ok(run.evaluations.every(({ objective }) => objective! >= 0 && objective! <= 1));
  await close();
});

test("a reward that fails stops the run by name with its steps; a promise that never comes is ended by Stop and by its limit", async () => {
  const problem = await open();
  let calls = 0;
  const failing = share({ reward: () => (++calls > 40 ? NaN : calls) });
  const { made, close } = await runOf(problem, failing, armOf(wide(), 20));
  const path = files.file("failing.jsonl");
  const run = await trainInFile({ ...made, clock: () => 0, path });
  assert.is(run.end.reason, "not-measured");
  assert.ok(run.steps.length > 0 && run.steps.length < 20);
  assert.match(run.message, /reward "early letters" of the answer .*expected a finite number, got NaN/);
  // The record is whole, and goes on once the reward does.
  calls = -1e9;
  const on = await trainInFile({ ...made, clock: () => 0, path });
  assert.equal([on.end.reason, on.steps.length], ["finished", 20]);
  await close();

  const never = await runOf(
    problem,
    share({ reward: () => new Promise(() => undefined), timeLimit: 30 }),
    armOf(wide()),
  );
  const late = await train({ ...never.made, clock: () => 0 });
  assert.match(late.message, "expected within 30 ms, got nothing");
  await never.close();

  const waits = await runOf(
    problem,
    share({ reward: () => new Promise(() => undefined), timeLimit: 60_000 }),
    armOf(wide()),
  );
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 100);
  const stopped = await train({ ...waits.made, clock: () => 0, signal: stop.signal, patience: 50 });
  assert.is(stopped.end.reason, "stopped");
  await waits.close();
});

test("changes in factors, which answers are not written with, are refused", async () => {
  const problem = await open();
  const arm = { ...armOf(eggroll()), adapter: { kind: "full", layers: "all", factors: 4 } as AdapterSpec };
  await rejectsWith(runOf(problem, share(), arm), "adapter.factors: expected none beside the reward");
});

const withMinilm = skipUnless(findModel("minilm") !== null, missingModel("minilm"));

for (const metric of ["accuracy", "macro f1"] as const)
  withMinilm(test, `MiniLM on TREC is trained for ${metric}, end to end`, async () => {
    const task = await loadTask("trec", { hub: "off" });
    const frozen = ({ model }: ReturnType<typeof loadModel>) =>
      onnxSession(model, makeAdapter({ kind: "none" }, model), { threads: 1 });
    const sizes = { seed: 2, batchSize: 4, train: 12, dev: 12, test: 6, maxTokens: 16, shots: 2 };
    const problem = await makeProblem(loadModel("minilm", modelRoots()), task, sizes, frozen);
    const whole = await holds(
      `minilm-${metric.replace(" ", "-")}`,
      await runOf(problem, metric, armOf(wide({ queries: 2 }), 3)),
    );
    assert.is(whole.steps.length, 3);
    for (const { objective } of whole.evaluations) assert.ok(objective! > 0 && objective! <= 1);
  });

const withSmolLm = skipUnless(findModel("smollm2") !== null, missingModel("smollm2"));

withSmolLm(
  test,
  "SmolLM2 is rewarded for the asked word on the project's prompts, several members at once",
  async () => {
    const template = 'Use the word "{word}" in at most {most} words.\nAnswer:';
    const asked = promptTask({ file: "data/samples/asked.jsonl", template, answer: "answer", columns: ["topic"] });
    const problem = await makeTrainable(
      loadModel("smollm2", modelRoots()),
      await loadTask(asked),
      { seed: 0, batchSize: 2, train: 4, dev: 2, test: 2 },
      unused,
    );
    const reward = ownReward({ name: "asked word", reward: rewards["asked word"], newTokens: 6, temperature: 0.7 });
    const made = eggroll({ learningRate: 1e-3, perturbationScale: 0.05, queries: 2, groups: "z-score" });
    const run = await runOf(problem, reward, armOf({ ...made, name: "EGGROLL" }, 1), { evaluateEvery: 0 });
    try {
      const { texts } = (await run.made.batchAt(0)) as object as { readonly texts: readonly PromptText[] };
      assert.equal(Object.keys(texts[0]!.row).sort(), ["answers", "most", "topic", "word"]);
      const found = await train({ ...run.made, clock: () => 0 });
      assert.is(found.end.reason, "finished");
      assert.ok(found.steps[0]!.loss <= 0 && found.steps[0]!.loss >= -1);
      // 4 texts of 2 members, and how many texts there are, with each pair.
      assert.is(found.steps[0]!.further!.length, 2 * (1 + 2 * 4));
      assert.ok(found.evaluations.every(({ objective }) => objective! >= 0 && objective! <= 1));
    } finally {
      await run.close();
    }
  },
);

test.run();
