import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ExperimentRecord } from "../../src/experiment/record";
import { recordedRuns } from "../../src/table/from-records";
import { summaryTable } from "../../src/table/summary";
import { studyRecord } from "../support/study-record";
import { throwsWith } from "../support/throws";

const test = suite("table/from-records");

test("a record of two steps becomes a run with the arm's own name, its rate and log 6 as chance", () => {
  const [run] = recordedRuns([studyRecord("mezo-lora")]);
  assert.equal([run.arm, run.learningRate, run.seed, run.chanceLoss], ["MeZO-LoRA", 3e-3, 0, Math.log(6)]);
  assert.equal(
    run.steps.map(({ step, forwardPasses, loss }) => [step, forwardPasses, loss]),
    [
      [1, 2, 1.5],
      [2, 4, 1.4],
    ],
  );
  assert.equal(
    run.evaluations.map(({ loss }) => loss),
    [1.6, null],
  );
  assert.equal(run.diverged, { step: 2 });
});

test("an arm at a third of the rate is filed under its own rate, or under the study's", () => {
  const records = [studyRecord("mezo-lora-smaller-rate")];
  assert.is(recordedRuns(records)[0].learningRate, 3e-3 / 3);
  assert.is(recordedRuns(records, "study")[0].learningRate, 3e-3);
});

test("runs stay in the order of the records, and go into a table as they are", () => {
  const runs = recordedRuns([studyRecord("adazeta"), studyRecord("random-mask"), studyRecord("adazeta", { seed: 1 })]);
  assert.equal(
    runs.map(({ arm }) => arm),
    ["AdaZeta", "random mask", "AdaZeta"],
  );
  assert.equal([...summaryTable(runs).array("seeds")], [2, 1]);
  assert.equal(recordedRuns([]), []);
});

test("a record without name, constant rate or classes is refused by its key", () => {
  const good = studyRecord("adazeta");
  const settings = good.settings as { readonly arm: { readonly method: object } };
  const bad = (changes: Partial<ExperimentRecord>) => () => recordedRuns([{ ...good, key: "k1", ...changes }]);
  throwsWith(bad({ settings: { arm: {} } }), "record k1: settings.arm.name: expected a name, got undefined");
  throwsWith(bad({ settings: null }), "record k1: settings.arm.name");
  const linear = { ...settings.arm, method: { ...settings.arm.method, learningRate: { kind: "linear" } } };
  throwsWith(
    bad({ settings: { arm: linear } }),
    "record k1: settings.arm.method.learningRate: expected a constant, or one that has a start, got",
  );
  const falling = { kind: "steps", initial: 0.25, changes: [{ at: 2, value: 0.1 }], unit: "epoch" };
  const decayed = { ...settings.arm, method: { ...settings.arm.method, learningRate: falling } };
  assert.is(recordedRuns([{ ...good, settings: { arm: decayed } }])[0]?.learningRate, 0.25);
  throwsWith(bad({ extra: null }), "record k1: extra.counts.train: expected a list, got undefined");
});

test("chance of a record is the entropy of its dev labels, whatever an earlier version wrote; where options differ, what is written", () => {
  const counts = { train: [3, 4], dev: [30, 10] };
  const [run] = recordedRuns([studyRecord("adazeta", { extra: { counts, chanceLoss: Math.log(2) } })]);
  assert.equal([run.chanceLoss?.toFixed(4), run.devTexts], ["0.5623", 40]);
  const choice = { counts: { train: [8], dev: [12] }, chanceLoss: 4.2 };
  const [other] = recordedRuns([studyRecord("adazeta", { extra: choice })]);
  assert.equal([other.chanceLoss, other.devTexts], [4.2, 12]);
});

test.run();
