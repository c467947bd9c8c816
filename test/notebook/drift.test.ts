import { suite } from "uvu";
import * as assert from "uvu/assert";
import { arm } from "../../src/experiment/arms";
import { plotlyMime } from "../../src/notebook/figure-display";
import { runLive } from "../../src/notebook/live-runs";
import type { LiveOptions } from "../../src/notebook/live-runs";
import { checkRunFile } from "../../src/notebook/tune/run-file";
import { runJson } from "../../src/notebook/tune/run-json";
import { evaluationLine } from "../../src/notebook/tune/tune";
import { lossFigure } from "../../src/plot/loss";
import { fingerprintPoint } from "../../src/train/fingerprint";
import { readTrajectory } from "../../src/train/trajectory";
import { asCell, closeSessions } from "../support/shown";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";
import { tinyProblem, tinySettings } from "../support/tiny-problem";

const test = suite("notebook/drift");
const files = scratch();
test.after(async () => {
  await closeSessions();
  await files.remove();
});

const live = async (changes: Partial<LiveOptions>) => {
  const problem = await tinyProblem("bert");
  const options = { seed: 0, evaluateEvery: 4, store: files.file("runs"), ...changes };
  const cell = await asCell(() => runLive(problem, [arm("MeZO-LoRA", tinySettings("bert"))], options));
  return { problem, cell, run: cell.value[0]! };
};

test("a second task is scored at every evaluation, recorded, and drawn beside dev; no step knows of it", async () => {
  const drift = await tinyProblem("bert", { seed: 9, dev: 8 });
  const plain = await live({});
  const { run, cell, problem } = await live({ drift });
  assert.equal(fingerprintPoint(run.result.point), fingerprintPoint(plain.run.result.point));
  const { evaluations, header } = run.result;
  assert.equal(header.settings.drift, { task: "trec", data: drift.dataHash });
  assert.is.not(run.kept.id, plain.run.kept.id);
  const start = await drift.evaluate(run.session, run.adapter.initial(0), "dev", run.adapter.spec);
  assert.equal([evaluations[0]!.driftLoss, evaluations[0]!.driftAccuracy], [start.loss, start.accuracy]);
  const last = await drift.evaluate(run.session, run.result.point, "dev", run.adapter.spec);
  assert.is(evaluations.at(-1)!.driftLoss, last.loss);
  assert.is.not(last.loss, start.loss);
  const both = evaluations.at(-1)!.evaluationPasses;
  assert.ok(both > plain.run.result.evaluations.at(-1)!.evaluationPasses);
  assert.equal(readTrajectory(run.kept.path)!.evaluations, evaluations);
  const drawn = cell.outputs.filter(({ content }) => plotlyMime in content.data).at(-1)!;
  assert.ok(JSON.stringify(drawn.content.data[plotlyMime]).includes("trec, not trained on"));
  const file = checkRunFile("printed", JSON.parse(runJson(problem, run)));
  assert.equal(file.evaluation?.drift, { task: "trec", texts: drift.options });
});

test("the figure has a dotted curve of the second task's losses, within its range", async () => {
  const { run } = await live({ drift: await tinyProblem("bert", { seed: 9, dev: 8 }) });
  const { data, layout } = lossFigure([run.record], { x: "steps" });
  const dotted = data.filter((trace) => trace.line?.dash === "dot");
  assert.is(dotted.length, 1);
  const losses = run.result.evaluations.map(({ driftLoss }) => driftLoss!);
  assert.equal(dotted[0]!.y, losses);
  const [low, high] = layout.yaxis!.range as [number, number];
  assert.ok(losses.every((loss) => loss >= low && loss <= high));
  assert.is(
    lossFigure([(await live({})).run.record], { x: "steps" }).data.filter((trace) => trace.line?.dash === "dot").length,
    0,
  );
});

test("a second task of another model is refused before anything is written", async () => {
  await rejectsWith(
    live({ drift: await tinyProblem("llama"), store: files.file("other") }),
    "drift: expected a task that the same session scores as trec",
  );
});

test("an evaluation says what the second task came to", () => {
  assert.is(
    evaluationLine({ step: 2, loss: 1, accuracy: 0.5, driftLoss: 2, forwardPasses: 4 }, false),
    "step 2 (4 forward passes): dev loss 1.0000, 50.0 % right; not trained on: 2.0000",
  );
});

test.run();
