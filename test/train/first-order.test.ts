import { existsSync, readFileSync, rmSync, writeFileSync, copyFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { parsePrecision } from "../../src/engine/onnx/precision";
import { onnxSession } from "../../src/engine/onnx/session";
import { extrapolatedSgd } from "../../src/optimizer/recipes/extrapolated-sgd";
import { scala } from "../../src/optimizer/recipes/scala";
import { matrices } from "../support/method-problems";
import { methodRun } from "../support/method-runs";
import { firstOrder, mezo } from "../../src/optimizer/recipes";
import type { Method } from "../../src/optimizer/method";
import { classifierObjective } from "../../src/task/classifier";
import { replay } from "../../src/train/replay";
import { train } from "../../src/train/train";
import type { TrainOptions } from "../../src/train/train";
import { trainInFile } from "../../src/train/train-in-file";
import { readTrajectory } from "../../src/train/trajectory";
import { quadratic, quadraticRun, settingsOf } from "../support/analytic-runs";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("train/first-order");
const files = scratch();
test.after(() => files.remove());

/** Steps of L = 1/2 |theta - 1 - 0.1 step|^2, whose gradient depends on the step's batch. */
function run(method: Method, changes: Partial<TrainOptions<number>> = {}): TrainOptions<number> {
  const target = (batch: number): number => 1 + 0.1 * batch;
  return quadraticRun({
    settings: settingsOf({ method, budget: { kind: "steps", steps: 10 }, evaluateEvery: 3 }),
    objective: {
      ...quadratic,
      gradient: async (point, batch) => ({
        loss: point.reduce((sum, x) => sum + (x - target(batch)) ** 2 / 2, 0),
        gradient: point.map((x) => x - target(batch)),
      }),
    },
    ...changes,
  });
}
const bits = (point: Float32Array): Uint32Array => new Uint32Array(point.slice().buffer);

test("SGD on a quadratic goes where the closed form says; passes forward and back are counted apart", async () => {
  const { steps, point } = await train(run(firstOrder({ rule: "sgd", learningRate: 0.5 })));
  // x <- x - (x - c) / 2 with c = 1, 1.1, 1.2, ...: from 0 to 0.5, 0.8, 1.0, ...
  let x = 0;
  for (let step = 0; step < 10; step++) x -= (x - 1 - 0.1 * step) / 2;
  assert.ok(Math.abs(point[0] - x) < 1e-6);
  const { forwardPasses, backwardPasses, queries, projectedGradients, gradientNorm } = steps[1];
  assert.equal([forwardPasses, backwardPasses, queries, projectedGradients.length], [2, 2, 0, 0]);
  assert.ok(Math.abs(gradientNorm! - 2 * 0.6) < 1e-6, String(gradientNorm));
});

test("backward passes are counted on their own: an adversary that comes late, and parts of a batch, cost what they take", async () => {
  const settings = { budget: { kind: "steps", steps: 4 } } as const;
  const counted = async (method: Method) =>
    (await train(methodRun(matrices, method, settings))).steps.map((step) => step.backwardPasses);
  assert.equal(await counted(scala({ from: 2, parts: 3 })), [3, 6, 12, 18]);
  assert.equal(await counted(extrapolatedSgd({ workers: 2, direction: "extragradient" })), [4, 8, 12, 16]);
});

test("a budget of forward passes buys one step each", async () => {
  const settings = settingsOf({ method: firstOrder(), budget: { kind: "forward-passes", forwardPasses: 4 } });
  assert.is((await train(run(firstOrder(), { settings }))).steps.length, 4);
});

for (const rule of ["sgd", "adamw"] as const)
  test(`${rule}: cut off after any line, a run goes on from its snapshot to the same bits`, async () => {
    const method = firstOrder({ rule, learningRate: 0.3 });
    const whole = files.file(`${rule}-whole.jsonl`);
    const expected = await trainInFile({ ...run(method), path: whole });
    const lines = readFileSync(whole, "utf8").split("\n");
    for (let kept = 1; kept < lines.length; kept++) {
      const path = files.file(`${rule}-cut.jsonl`);
      // As a killed process leaves it: the lines so far, and the snapshot of the last fourth step before.
      const killed = new AbortController();
      rmSync(`${path}.snapshot`, { force: true });
      rmSync(path, { force: true });
      const stepsKept = lines.slice(0, kept).filter((line) => line.includes('"kind":"step"')).length;
      await trainInFile({ ...run(method), path, snapshotEvery: 4, signal: killed.signal }, (event) => {
        if (event.kind !== "step" || event.record.step !== stepsKept) return;
        copyIfThere(`${path}.snapshot`, `${path}.at`);
        killed.abort();
      });
      writeFileSync(path, `${lines.slice(0, kept).join("\n")}\n`);
      rmSync(`${path}.snapshot`, { force: true });
      copyIfThere(`${path}.at`, `${path}.snapshot`);
      rmSync(`${path}.at`, { force: true });
      const result = await trainInFile({ ...run(method), path, snapshotEvery: 4 });
      assert.equal(bits(result.point), bits(expected.point), `after ${kept} lines`);
      assert.equal(bits(result.best!.point), bits(expected.best!.point), `after ${kept} lines`);
      assert.is(result.best!.evaluation.step, expected.best!.evaluation.step);
      const read = readTrajectory(path)!;
      assert.equal(
        read.steps.map(({ loss }) => loss),
        expected.steps.map(({ loss }) => loss),
      );
      assert.equal(
        read.evaluations.map(({ step, loss }) => [step, loss]),
        expected.evaluations.map(({ step, loss }) => [step, loss]),
      );
    }
  });

function copyIfThere(from: string, to: string): void {
  try {
    copyFileSync(from, to);
  } catch {
    // No snapshot yet.
  }
}

test("a stopped run goes on where it stood, without taking a step again", async () => {
  const method = firstOrder({ learningRate: 0.3 });
  const expected = await train(run(method));
  const path = files.file("stopped.jsonl");
  const stop = new AbortController();
  await trainInFile({ ...run(method), path, signal: stop.signal }, (event) => {
    if (event.kind === "step" && event.record.step === 5) stop.abort();
  });
  const warnings: string[] = [];
  const result = await trainInFile({ ...run(method), path }, (event) => {
    if (event.kind === "warning") warnings.push(event.message);
  });
  assert.equal(bits(result.point), bits(expected.point));
  assert.equal(warnings, []);
  assert.equal(
    bits((await trainInFile({ ...run(method), path })).point),
    bits(expected.point),
    "and again, when finished",
  );
});

test("without its snapshot it starts over, and says so", async () => {
  const method = firstOrder({ learningRate: 0.3 });
  const path = files.file("no-snapshot.jsonl");
  const expected = await trainInFile({ ...run(method), path });
  rmSync(`${path}.snapshot`);
  const warnings: string[] = [];
  const result = await trainInFile({ ...run(method), path }, (event) => {
    if (event.kind === "warning") warnings.push(event.message);
  });
  assert.equal(warnings, ["no snapshot of this first-order run: its 10 steps start over"]);
  assert.equal(bits(result.point), bits(expected.point));
});

test("a replay from scalars is refused, with the reason", async () => {
  const path = files.file("replay.jsonl");
  const options = run(firstOrder());
  await trainInFile({ ...options, path });
  throwsWith(
    () => replay(readTrajectory(path)!, options.start, options.layout),
    "replay: expected a method whose steps follow from recorded scalars, got ",
  );
});

test("a zeroth-order run with AdamW is replayed to the same bits, its moments too", async () => {
  const { transforms } = firstOrder({ weightDecay: 0.01 });
  const method: Method = { ...mezo({ learningRate: 0.1 }), transforms };
  const path = files.file("zeroth-adamw.jsonl");
  const options = run(method);
  const result = await trainInFile({ ...options, path, snapshotEvery: 4 });
  assert.equal(bits(replay(readTrajectory(path)!, options.start, options.layout)), bits(result.point));
  const lines = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, `${lines.slice(0, -4).join("\n")}\n`);
  assert.equal(bits((await trainInFile({ ...options, path })).point), bits(result.point));
});

test("a loss that steps, and a precision that rounds activations, are refused before anything is computed or written, with the reason", async () => {
  const path = files.file("refused.jsonl");
  const never = () => Promise.reject(new Error("computed"));
  const accuracy: typeof quadratic = { losses: never, derivatives: never };
  const options = run(firstOrder(), { objective: accuracy, evaluate: never });
  await rejectsWith(
    trainInFile({ ...options, path }),
    "a loss that steps, as accuracy and F1 do, has none: take a method that asks for losses alone), got ",
  );
  const { model } = tinyModel("bert");
  const session = await onnxSession(
    model,
    makeAdapter({ kind: "lora", rank: 2, alpha: 4, targets: ["query"] }, model),
    {
      threads: 1,
      cacheDirectory: files.file("cache"),
      precision: parsePrecision("int8-activations"),
    },
  );
  const readout = { rows: new Float32Array(2 * model.width), classes: 2, width: model.width, scale: 1 };
  const { noGradient, gradient } = classifierObjective(session, readout);
  await session.dispose();
  assert.is(gradient, undefined);
  const rounded = run(firstOrder(), { objective: { ...accuracy, noGradient: noGradient! }, evaluate: never });
  await rejectsWith(
    trainInFile({ ...rounded, path }),
    /objective with a gradient: int8-activations:\d rounds activations, so its loss is a staircase without a derivative: fp32, int8 and int4 have one, got/,
  );
  assert.not(existsSync(path));
});

test("an engine without gradients is refused before the first step is recorded", async () => {
  await rejectsWith(train(run(firstOrder(), { objective: quadratic })), "probe: expected an objective with a gradient");
});

test("a gradient that is not finite ends the run and names the tensor; what was recorded stays", async () => {
  const whole = run(firstOrder());
  const { name, offset } = whole.layout.entries.at(-1)!;
  let calls = 0;
  const gradient = async (point: Float32Array) => {
    const found = new Float32Array(point.length).fill(1);
    if (++calls === 3) found[offset] = NaN;
    return { loss: 1, gradient: found };
  };
  const { end, steps, message } = await train({ ...whole, objective: { ...quadratic, gradient } });
  assert.is(end.reason, "not-finite");
  assert.is(steps.length, 2);
  assert.match(message, `gradient norm (first in tensor "${name}"): expected a finite number, got NaN in step 3`);
});

test.run();
