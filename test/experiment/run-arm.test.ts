import { spawn } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import type { Agreement } from "../../src/engine/agreement";
import { referenceSession } from "../../src/engine/reference/session";
import type { ModelSession } from "../../src/engine/session";
import { loadModel } from "../../src/engine/load-model";
import { arm } from "../../src/experiment/arms";
import { studyArms } from "../../src/experiment/divergence";
import { studySettings } from "../../src/experiment/divergence";
import { makeProblem } from "../../src/experiment/problem";
import type { Problem } from "../../src/experiment/problem";
import { armOptions } from "../../src/experiment/run-arm";
import type { Method } from "../../src/optimizer/method";
import { adamezo } from "../../src/optimizer/recipes/adamezo";
import { dizo } from "../../src/optimizer/recipes/dizo";
import { extrapolated } from "../../src/optimizer/recipes/extrapolated";
import { mezoSvrg } from "../../src/optimizer/recipes/mezo-svrg";
import { loadTask } from "../../src/task/load-task";
import { fingerprintPoint } from "../../src/train/fingerprint";
import { replay } from "../../src/train/replay";
import { passesOfStep } from "../../src/train/settings";
import { train } from "../../src/train/train";
import { trainInFile } from "../../src/train/train-in-file";
import { readTrajectory } from "../../src/train/trajectory";
import { findModel, missingModel, modelRoots } from "../support/models";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyProblem, tinySettings } from "../support/tiny-problem";
import { tinyRun } from "../support/tiny-run";

const test = suite("experiment/run-arm");
const files = scratch();
test.after(() => files.remove());
const withMinilm = skipUnless(findModel("minilm") !== null, missingModel("minilm"));

/** Runs AdaZeta in its own process, which is killed with no chance to clean up when it has told that many steps. */
async function killedAfter(path: string, steps: number): Promise<void> {
  const child = spawn(process.execPath, ["--import", "tsx", "test/support/killed-arm.ts", path, "200"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = new Promise((resolve) => child.on("exit", resolve));
  let told = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    told += text.split("\n").length - 1;
    if (told >= steps) child.kill("SIGKILL");
  });
  await gone;
  assert.is(child.signalCode, "SIGKILL");
}

/** A problem whose test batches throw when anything is read of them. */
function untouchable(problem: Problem): Problem {
  const forbidden = (): never => {
    throw new Error("the test split was read");
  };
  return { ...problem, test: new Proxy([], { get: forbidden, has: forbidden, ownKeys: forbidden }) };
}

test("12 steps of 4 texts are epochs of 1, 2 and 2 queries: 40 passes", async () => {
  // 16 texts in batches of 4: 12 steps are epochs 0, 1, 2. beta = ln(8 / 2) / ln 15 = 0.512, so Q = max(floor(2 e^0.512), 1) is
  // 1, 2, floor(2.85) = 2, and the passes are 2 x 4 x (1 + 2 + 2) = 40
  const { options, session } = await tinyRun("AdaZeta");
  const { steps, evaluations, end, header } = await train(options);
  await session.dispose();
  assert.equal([steps.length, end.forwardPasses, end.reason], [12, 40, "finished"]);
  assert.equal(
    evaluations.map(({ step }) => step),
    [0, 4, 8, 12],
  );
  assert.is(evaluations.at(-1)?.evaluationPasses, 4); // 12 dev texts are one batch, one pass each time
  assert.is(header.identity.model, session.id);
  assert.equal(header.identity.plan, { batchSize: 4, packed: true });
  assert.ok(steps.some(({ projectedGradients }) => projectedGradients[0] !== 0));
});

test("on the ONNX engine the recorded scalars replay to the bits of the run", async () => {
  for (const name of ["AdaZeta", "random mask"] as const) {
    const { options, session } = await tinyRun(name);
    const path = files.file(`replayed-${name.replace(" ", "-")}.jsonl`);
    const run = await trainInFile({ ...options, path });
    await session.dispose();
    const point = replay(readTrajectory(path)!, options.start, options.layout);
    assert.is(fingerprintPoint(point), fingerprintPoint(run.point));
    assert.is.not(fingerprintPoint(run.point), fingerprintPoint(options.start));
  }
});

test("an arm on the ONNX engine that was killed twice resumes to the bits of one that was not", async () => {
  const { options, session } = await tinyRun("AdaZeta");
  const whole = await train(options);
  const path = files.file("killed.jsonl");
  await killedAfter(path, 3);
  await killedAfter(path, 4);
  const before = readTrajectory(path)!;
  assert.ok(before.steps.length >= 6 && before.steps.length < 12, `killed at the wrong time: ${before.steps.length}`);
  const run = await trainInFile({ ...options, path });
  await session.dispose();
  assert.is(fingerprintPoint(run.point), fingerprintPoint(whole.point));
  assert.equal(
    run.steps.map(({ projectedGradients }) => projectedGradients),
    whole.steps.map(({ projectedGradients }) => projectedGradients),
  );
  assert.equal(
    run.evaluations.map(({ loss }) => loss),
    whole.evaluations.map(({ loss }) => loss),
  );
  assert.is(fingerprintPoint(run.best!.point), fingerprintPoint(whole.best!.point));
});

test("exact derivatives take the same path: 1 + Q passes a step, along the same directions, and the run replays", async () => {
  // epochs of 1, 2 and 2 queries, 4 steps each: 4 x (2 + 3 + 3) = 32 passes; all but one of a step are along a direction
  const { options, session } = await tinyRun("AdaZeta");
  const twoSided = await train(options);
  const method: Method = { ...options.settings.method, probe: { kind: "directional", chunk: null } };
  const exact = { ...options, settings: { ...options.settings, method }, path: files.file("directional.jsonl") };
  const run = await trainInFile(exact);
  await session.dispose();
  assert.equal(
    run.steps.map(({ forwardPasses }) => forwardPasses),
    [2, 4, 6, 8, 11, 14, 17, 20, 23, 26, 29, 32],
  );
  assert.equal(
    run.steps.map(({ directionalPasses }) => directionalPasses),
    [1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2],
  );
  // the first step has the same texts, point and direction for both, so the difference quotient is near the derivative
  const [derivative] = run.steps[0].projectedGradients;
  const [quotient] = twoSided.steps[0].projectedGradients;
  assert.ok(derivative !== 0 && Math.abs(quotient / derivative - 1) < 0.02, `${quotient} and ${derivative}`);
  const point = replay(readTrajectory(exact.path)!, options.start, options.layout);
  assert.is(fingerprintPoint(point), fingerprintPoint(run.point));
});

test("no arm reads the test split while it trains, nor does the engine see a text of it", async () => {
  const problem = await tinyProblem("bert", { dev: 6, test: 40 });
  const { model } = problem.loaded;
  const keyOf = (ids: readonly number[]) => ids.join();
  const allowed = new Set(
    [...Array.from({ length: 4 }, (_, step) => problem.batches().at(step)), ...problem.dev].flatMap(({ input }) =>
      input.ids.map(keyOf),
    ),
  );
  for (const name of studyArms) {
    const chosen = arm(name, tinySettings("bert", { steps: 2, scheduledPasses: 4 }));
    const adapter = makeAdapter(chosen.adapter, model.sites);
    const session = await onnxSession(model, adapter, { threads: 1 });
    const seen = new Set<string>();
    const watched: ModelSession = {
      ...session,
      features: (points, batch) => {
        for (const ids of batch.ids) seen.add(keyOf(ids));
        return session.features(points, batch);
      },
    };
    const options = armOptions(chosen, untouchable(problem), adapter, watched, {
      seed: 0,
      evaluateEvery: 1,
      stopMargin: 0.6,
    });
    const { steps } = await train({ ...options, clock: () => 0 });
    await session.dispose();
    assert.is(steps.length, 2, name);
    assert.ok(seen.size > 6);
    assert.equal(
      [...seen].filter((text) => !allowed.has(text)),
      [],
    );
  }
  const untouched = untouchable(problem);
  throwsWith(() => untouched.test.length, "the test split was read");
});

test("the seed of a run decides start and directions; batches are the problem's", async () => {
  const problem = await tinyProblem("bert");
  const runs = [];
  for (const seed of [1, 1, 2]) {
    const { options, session } = await tinyRun("MeZO-LoRA", { problem, seed });
    runs.push({ options, run: await train(options) });
    await session.dispose();
  }
  const [first, again, other] = runs;
  assert.is(fingerprintPoint(first.run.point), fingerprintPoint(again.run.point));
  assert.is.not(fingerprintPoint(first.options.start), fingerprintPoint(other.options.start));
  assert.equal(first.options.batchAt(9), other.options.batchAt(9));
});

test("the margin ends a run that has diverged, null lets it go on; a constant output ends it in any case", async () => {
  const stops = async (stopMargin: number | null) => {
    const { options, session } = await tinyRun("AdaZeta", { stopMargin });
    await session.dispose();
    return options.settings.stop;
  };
  assert.equal(await stops(0.6), [
    { kind: "diverged", margin: 0.6 },
    { kind: "constant-output", steps: 20 },
  ]);
  assert.equal(await stops(null), [{ kind: "constant-output", steps: 20 }]);
});

test("a trajectory of other texts or of another adapter is refused, naming what differs", async () => {
  const path = files.file("other.jsonl");
  const { options, session } = await tinyRun("AdaZeta");
  await trainInFile({ ...options, path });
  await session.dispose();
  const other = await tinyRun("AdaZeta", { problem: await tinyProblem("bert", { train: 15 }) });
  await other.session.dispose();
  await rejectsWith(trainInFile({ ...other.options, path }), `identity.data: recorded "${options.identity.data}"`);
  const lora = await tinyRun("LoRA + schedule");
  await lora.session.dispose();
  await rejectsWith(trainInFile({ ...lora.options, path }), "identity.adapter.kind: recorded");
});

test("an arm whose budget pays for no step is refused, before anything is recorded", async () => {
  const problem = await tinyProblem("bert");
  const chosen = arm("MeZO-LoRA", tinySettings("bert"));
  const adapter = makeAdapter(chosen.adapter, problem.loaded.model);
  const session = referenceSession(problem.loaded.model, adapter);
  const how = { seed: 0, evaluateEvery: 0, stopMargin: null };
  const within = (forwardPasses: number) =>
    armOptions({ ...chosen, budget: { kind: "forward-passes", forwardPasses } }, problem, adapter, session, how);
  throwsWith(() => within(1), "settings.budget.forwardPasses: expected at least 2");
  assert.equal([0, 2].map((passes) => within(passes).settings.budget), [0, 2].map((forwardPasses) => ({ kind: "forward-passes", forwardPasses }))); // prettier-ignore
  await session.dispose();
});

test("an arm is refused on a session whose precision spoils its estimator or was not measured with it, unless any is asked for", async () => {
  const problem = await tinyProblem("bert");
  const chosen = arm("AdaZeta", tinySettings("bert"));
  const adapter = makeAdapter(chosen.adapter, problem.loaded.model);
  const exact = referenceSession(problem.loaded.model, adapter);
  const run = { seed: 0, evaluateEvery: 0, stopMargin: null };
  const at = (agreement: Agreement | null, anyPrecision = false) =>
    armOptions(chosen, problem, adapter, { ...exact, agreement: () => agreement }, { ...run, anyPrecision });
  const good = { correlation: 0.99, relativeError: 0.1, directions: 50 };
  throwsWith(() => at(null), "estimator two-sided 0.001 at this precision: expected figures of this model, got none");
  throwsWith(
    () => at({ ...good, correlation: 0.51, relativeError: 7.8 }),
    "expected correlation >= 0.95 and relative error <= 0.3 over >= 50 directions, got 0.510 and 7.80 over 50",
  );
  throwsWith(() => at({ ...good, directions: 49 }), "got 0.990 and 0.10 over 49");
  const settings = armOptions(chosen, problem, adapter, exact, run).settings;
  assert.equal(at(good).settings, settings);
  assert.equal(at(null, true).settings, settings);
  await exact.dispose();
});

withMinilm(
  test,
  "MiniLM, one thread: a run that was stopped continues to the bits of one that was not, and replays to them",
  async () => {
    const loaded = loadModel("minilm", modelRoots());
    const texts = await loadTask("trec", { hub: "off" });
    const sizes = { seed: 0, batchSize: 4, train: 8, dev: 6, test: 6, maxTokens: 10, shots: 1 };
    const problem = await makeProblem(loaded, texts, sizes, ({ model }) =>
      onnxSession(model, makeAdapter({ kind: "none" }, model.sites), { threads: 1 }),
    );
    const chosen = arm("AdaZeta", { ...studySettings("minilm-trec", 3e-3, { steps: 6 }), batchSize: 4 });
    const adapter = makeAdapter(chosen.adapter, loaded.model.sites);
    const session = await onnxSession(loaded.model, adapter, { threads: 1 });
    const options = {
      ...armOptions(chosen, problem, adapter, session, { seed: 0, evaluateEvery: 3, stopMargin: null }),
      clock: () => 0,
    };
    const whole = await train(options);
    const path = files.file("minilm.jsonl");
    const stop = new AbortController();
    const half = await trainInFile({ ...options, path, signal: stop.signal }, (event) =>
      event.kind === "step" && event.record.step === 2 ? stop.abort() : undefined,
    );
    assert.equal([half.end.reason, half.end.step], ["stopped", 2]);
    const run = await trainInFile({ ...options, path });
    await session.dispose();
    assert.is(fingerprintPoint(run.point), fingerprintPoint(whole.point));
    assert.is(
      fingerprintPoint(replay(readTrajectory(path)!, options.start, options.layout)),
      fingerprintPoint(run.point),
    );
  },
);

const wide: readonly Method[] = [
  adamezo({ horizon: 3, learningRate: 1e-3 }),
  extrapolated({ queries: 2, learningRate: 1e-2 }),
  mezoSvrg({ every: 3, batches: 2, learningRate: 1e-2 }),
  dizo({ interval: 3, iterations: 2, only: ["attention.value"], learningRate: 1e-2 }),
  dizo({ interval: 3, iterations: 2, name: "dizo, all tensors", learningRate: 1e-2 }),
];
for (const method of wide)
  test(`${method.name} runs on a model, asks for as many losses as it says, and is walked again to the same bits`, async () => {
    const { session, options } = await tinyRun("mezo-lora");
    try {
      let asked = 0;
      const objective = {
        ...options.objective,
        losses: (...call: Parameters<typeof options.objective.losses>) => {
          asked += call[0].length;
          return options.objective.losses(...call);
        },
      };
      const settings = { ...options.settings, method, budget: { kind: "steps", steps: 7 } } as const;
      const path = files.file(`${method.name}.jsonl`);
      const { point, end } = await trainInFile({ ...options, settings, objective, checkDescent: false, path });
      assert.equal([end.reason, end.step], ["finished", 7]);
      assert.is(end.forwardPasses, asked);
      const said = [0, 1, 2, 3, 4, 5, 6].reduce((sum, index) => sum + passesOfStep(settings, index), 0);
      assert.is(end.forwardPasses, said);
      const recorded = readTrajectory(path)!;
      assert.is(fingerprintPoint(replay(recorded, options.start, options.layout)), fingerprintPoint(point));
    } finally {
      await session.dispose();
    }
  });

test.run();
