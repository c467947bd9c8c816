import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunRecord } from "../../src/table/record";
import { bestEvaluation, forwardPassesOf, groupRuns, stepsOf } from "../../src/table/record";
import { compareRuns, differingSettings, intervalText, summaryTable } from "../../src/table/summary";
import type * as records from "../../src/train/records";
import { divergenceRuns } from "../plot/synthetic-runs";
import { throwsWith } from "../support/throws";

const test = suite("table/summary");

function run(seed: number, losses: readonly (number | null)[], diverged = false): RunRecord {
  return {
    arm: "MeZO-LoRA",
    seed,
    learningRate: 3e-3,
    steps: [],
    evaluations: losses.map((loss, i) => ({ step: 10 * i, forwardPasses: 20 * i, loss, accuracy: 0.5 + 0.1 * i })),
    diverged: diverged ? { step: 10 * (losses.length - 1) } : null,
    chanceLoss: Math.log(6),
  };
}

test("two seeds, one diverged: best losses 0.8 and 0.6 make 0.7 +- 0.141, accuracies at those evaluations count", () => {
  // sd = sqrt(2 * 0.1^2 / 1) = 0.1414; accuracies 60 % (at index 1) and 70 % (index 2): 65 % +- 7.07; passes (40 + 40) / 2
  const [row] = summaryTable([run(0, [1, 0.8, 1.9], true), run(1, [1, 0.9, 0.6])]).objects() as Record<
    string,
    unknown
  >[];
  assert.is(row!["arm"], "MeZO-LoRA");
  assert.is(row!["learning rate"], "3e-3");
  assert.is(row!["seeds"], 2);
  assert.is(row!["diverged"], "1/2");
  const loss = row!["best dev loss"] as { mean: number; standardDeviation: number; count: number };
  assert.equal([loss.mean.toFixed(4), loss.standardDeviation.toFixed(4), loss.count], ["0.7000", "0.1414", 2]);
  assert.is((row!["accuracy there (%)"] as { mean: number }).mean.toFixed(6), "65.000000");
  assert.is(row!["forward passes"], 40);
});

test("runs that were trained for different things are told apart, and written answers have no accuracy to average", () => {
  const metric = { "objective.kind": "metric", "objective.metric": "f1", best: "objective" };
  const reward = {
    "objective.kind": "reward",
    "objective.name": "short",
    "objective.source": "faa2",
    best: "objective",
  };
  const scored = (run: RunRecord, objectives: readonly number[]): RunRecord => ({
    ...run,
    evaluations: run.evaluations.map((each, i) => ({ ...each, accuracy: NaN, objective: objectives[i]! })),
  });
  const runs = [
    run(0, [1, 0.8]),
    { ...scored(run(0, [1, 0.9]), [0.4, 0.6]), settings: metric },
    { ...scored(run(1, [1, 1.2]), [0.5, 0.2]), settings: metric },
    { ...scored(run(0, [1, 1.1]), [-24, -19.5]), settings: reward },
  ];
  const rows = summaryTable(runs).objects() as Record<string, unknown>[];
  assert.equal(rows.map((row) => [row["trained for"], row["seeds"]]), [["loss", 1], ["f1", 2], ["reward (short)", 1]]); // prettier-ignore
  assert.is(rows[1]!["accuracy there (%)"], null);
  const compared = compareRuns(runs);
  assert.equal(compared.columnNames().slice(0, 4), ["run", "trained for", "highest on dev", "best dev loss"]);
  assert.equal(compared.array("highest on dev"), [null, 0.6, 0.5, -19.5]);
  assert.equal(compared.array("accuracy there (%)"), [60, null, null, null]);
  assert.not.ok(compared.columnNames().some((name) => /objective|source/.test(name)));
  assert.not.ok(summaryTable(runs.slice(0, 1)).columnNames().includes("trained for"));
});

test("arms and learning rates keep the order of their first run, and no run is lost", () => {
  const runs = divergenceRuns(3);
  const groups = groupRuns(runs);
  assert.equal(
    groups.map(({ arm, learningRate }) => `${arm} ${learningRate}`),
    ["MeZO-LoRA 0.003", "AdaZeta 0.003", "LoRA + schedule 0.003", "TT, one query 0.003", "MeZO-LoRA 0.001"],
  );
  assert.is(
    groups.reduce((sum, group) => sum + group.runs.length, 0),
    runs.length,
  );
  assert.is(summaryTable(runs).numRows(), 5);
});

test("losses that are not finite are never the best, and a run without any has none", () => {
  assert.is(bestEvaluation(run(0, [null, NaN, 1.2, Infinity]))?.loss, 1.2);
  assert.is(bestEvaluation(run(0, [null, NaN])), null);
  assert.is(summaryTable([run(0, [null])]).get("best dev loss", 0), null);
});

test("counts of a run come from its last step or evaluation, and are 0 before either", () => {
  assert.equal([stepsOf(run(0, [1, 2, 3])), forwardPassesOf(run(0, [1, 2, 3]))], [20, 40]);
  assert.equal([stepsOf(run(0, [])), forwardPassesOf(run(0, []))], [0, 0]);
});

test("comparing shows only the settings that differ", () => {
  const a = { ...run(0, [1, 0.8]), name: "first", settings: { alpha: 0.85, cap: 8, batch: 8 } };
  const b = { ...run(0, [1, 0.7]), name: "second", settings: { alpha: 0.5, cap: 8, batch: 8 } };
  assert.equal(differingSettings([a, b]), ["alpha"]);
  const table = compareRuns([a, b]);
  assert.equal(table.array("run"), ["first", "second"]);
  assert.equal(table.array("alpha"), [0.85, 0.5]);
  assert.equal(table.array("best dev loss"), [0.8, 0.7]);
  assert.equal(table.array("at step"), [10, 10]);
  assert.not.ok(table.columnNames().includes("cap"));
});

test("a part of one's own is told by its name and its settings, not by its function's text", () => {
  const settings = (directions: object): NonNullable<RunRecord["settings"]> => ({
    "method.name": "mezo",
    "method.queries.value": 1,
    ...Object.fromEntries(Object.entries(directions).map(([name, value]) => [`method.directions.${name}`, value])),
  });
  const plain = { ...run(0, [1, 0.8]), name: "first", settings: settings({ kind: "gaussian" }) };
  const written = { kind: "own", name: "in turn", "settings.groups": 2, source: "draw() { return z; }" };
  const own = { ...run(0, [1, 0.7]), name: "second", settings: { ...settings(written), "method.name": "in turn" } };
  const table = compareRuns([plain, own]);
  assert.equal(table.array("directions"), ["gaussian", "own, in turn, groups 2"]);
  assert.not(table.columnNames().includes("method.name"));
});

test("with the number of dev texts the accuracy's interval stands beside it", () => {
  const table = compareRuns([run(0, [1, 0.8]), run(1, [null])], 24);
  // 60 % of 24: Wilson from 0.404 to 0.769
  assert.equal(table.array("95 % interval"), ["40 to 77", null]);
  assert.not(
    compareRuns([run(0, [1])])
      .columnNames()
      .includes("95 % interval"),
  );
  assert.equal([intervalText(25 / 30, 30), intervalText(null, 30), intervalText(NaN, 30)], ["66 to 93", null, null]);
});

test("a comparison has eight columns at most, results first, parts of one setting together, and nothing is left out", () => {
  const settings = (changes: object): NonNullable<RunRecord["settings"]> => ({
    "method.queries.kind": "constant",
    "method.queries.value": 1,
    "method.estimator.chunk": 1,
    "method.learningRate.value": 3e-3,
    "budget.steps": 240,
    batchSize: 8,
    evaluateEvery: 20,
    ...changes,
  });
  const other = {
    "method.queries.kind": "power-law",
    "method.queries.value": null,
    "method.queries.cap": 8,
    "method.estimator.chunk": 4,
    "method.learningRate.value": 1e-3,
    "budget.steps": 60,
    batchSize: 16,
    evaluateEvery: 5,
  };
  const first = { ...run(0, [1, 0.8]), settings: settings({}) };
  const second = { ...run(1, [1, 0.7], true), arm: "mine", learningRate: 1e-3, settings: settings(other) };
  const table = compareRuns([first, second]);
  assert.equal(table.columnNames(), [
    "run",
    "best dev loss",
    "accuracy there (%)",
    "at step",
    "forward passes",
    "diverged at step",
    "learning rate",
    "other settings",
  ]);
  assert.equal(table.array("other settings"), [
    "seed 0; queries constant, value 1; method.estimator.chunk 1; budget.steps 240; batchSize 8; evaluateEvery 20",
    "seed 1; queries power-law, cap 8; method.estimator.chunk 4; budget.steps 60; batchSize 16; evaluateEvery 5",
  ]);
  assert.equal(compareRuns([first, { ...first, name: "MeZO-LoRA, again" }]).columnNames(), [
    "run",
    "best dev loss",
    "accuracy there (%)",
    "at step",
    "forward passes",
  ]);
});

test("no runs is an error that says what to do", () => {
  throwsWith(() => summaryTable([]), "runs: expected at least one run");
  throwsWith(() => compareRuns([]), "train one, or read a record");
});

test("the records of training fit as they are", () => {
  const step = { step: 1, forwardPasses: 2, queries: 1, loss: 1, rmsProjectedGradient: 1, weightNorm: 1 };
  const steps: RunRecord["steps"] = [step as records.StepRecord];
  const evaluations: RunRecord["evaluations"] = [
    { step: 1, forwardPasses: 2, loss: 1, accuracy: 1 } as records.EvaluationRecord,
  ];
  assert.is(stepsOf({ ...run(0, []), steps, evaluations }), 1);
});

test("runs whose lowest loss is a flatter output are counted and marked; tables without such runs have no such column", () => {
  const flat = (seed: number, accuracy: number): RunRecord => ({
    ...run(seed, [2.5, 1.8]),
    devTexts: 60,
    evaluations: [2.5, 1.8].map((loss, i) => ({
      step: 10 * i,
      forwardPasses: 20 * i,
      loss,
      accuracy: i === 0 ? 0.5 : accuracy,
    })),
  });
  const [collapsed, fine] = [flat(0, 0.2), flat(1, 0.6)];
  assert.is(summaryTable([collapsed, fine]).get("collapsed", 0), "1/2");
  assert.equal([...compareRuns([collapsed, fine]).array("collapsed at step")], [10, null]);
  for (const table of [
    summaryTable([fine]),
    compareRuns([fine]),
    summaryTable([{ ...collapsed, devTexts: undefined }]),
  ])
    assert.not.ok(table.columnNames().some((name) => name.startsWith("collapsed")));
});

test.run();
