import { suite } from "uvu";
import * as assert from "uvu/assert";
import { measuredRates, suggestedRate } from "../../src/notebook/rates";
import { SEARCH } from "../../src/experiment/field-grid";
import { LARGE_BATCHES } from "../../src/experiment/large-batch-grid";
import { OBJECTIVES } from "../../src/experiment/objectives-grid";
import type { PlannedRun } from "../../src/experiment/plan";
import type { ExperimentRecord } from "../../src/experiment/record";
import { queriesKind, rateRows, rateTable, suggestRate } from "../../src/table/rates";
import type { RateRow } from "../../src/table/rates";
import { studyRecord } from "../support/study-record";

const test = suite("table/rates");
type Recorded = ExperimentRecord<PlannedRun>;

/** A record of LoRA with one query at a rate, whose dev loss goes from 2 to `loss`. */
function record(rate: number, loss: number, lost = false): Recorded {
  const made = studyRecord("mezo-lora", { diverged: lost ? { step: 2 } : null }) as Recorded;
  const evaluations = [2, loss].map((value, i) => ({
    step: 2 * i,
    forwardPasses: 4 * i,
    evaluationPasses: i + 1,
    loss: value,
    accuracy: 0.5,
  }));
  const { arm } = made.settings;
  if ("kind" in arm) throw new Error("an arm without steps");
  const method = { ...arm.method, learningRate: { kind: "constant", value: rate } } as const;
  const settings = { ...made.settings, arm: { ...arm, method } };
  return { ...made, settings, history: { ...made.history, evaluations } };
}

test("two runs of 2 to 1 and of 2 to 1.5, and a lost one: a quarter of the dev loss at that rate", () => {
  // gains 1/2, 1/4 and 0
  const [row, ...others] = rateRows([record(1e-3, 1), record(1e-3, 1.5), record(1e-3, 0.2, true)]);
  assert.equal(others, []);
  assert.equal(row, { model: "minilm", adapter: "lora", queries: "one", rate: 1e-3, runs: 3, lost: 1, gain: 0.25 });
});

test("the short runs that search for decades are no measure", () => {
  const searched: Recorded = { ...record(1e-3, 1.9), experiment: SEARCH };
  assert.is(rateRows([searched, record(1e-3, 1)])[0]?.gain, 0.5);
  assert.equal(rateRows([searched]), []);
});

test("runs for other objectives, and few steps of large batches, are no measure of the loss's rates", () => {
  for (const experiment of [OBJECTIVES, LARGE_BATCHES])
    assert.equal(rateRows([{ ...record(1e-3, 1), experiment }]), []);
});

test("a rate that falls is none of those that a suggestion is made of: it begins above what would be safe all along", () => {
  const falling = record(1e-3, 0.5);
  const { arm } = falling.settings;
  if ("kind" in arm) throw new Error("an arm without steps");
  const learningRate = { kind: "linear", from: 1e-2, to: 1e-3, over: 10, unit: "step" } as const;
  const settings = { ...falling.settings, arm: { ...arm, method: { ...arm.method, learningRate } } };
  assert.equal(rateRows([{ ...falling, settings }]), []);
});

test("rates that differ in rounding are one; larger batches, masks, arms without steps and first-order runs are left out", () => {
  assert.equal(
    rateRows([record(1e-3, 1), record(3e-3 / 3, 1), record(1e-3 / 3, 1)]).map(({ rate, runs }) => [rate, runs]),
    [
      [3.3e-4, 1],
      [1e-3, 2],
    ],
  );
  const out = ["mezo-lora-batch-x4", "random-mask"].map((name) => studyRecord(name) as Recorded);
  assert.equal(rateRows(out), []);
});

const row = (rate: number, gain: number, lost: number, runs = 4): RateRow => ({
  model: "m",
  adapter: "lora",
  queries: "one",
  rate,
  gain,
  lost,
  runs,
});

test("the rate with the largest mean gain is suggested, with what it came to", () => {
  const { rate, why } = suggestRate([row(1e-4, 0.01, 0), row(1e-3, 0.2, 1), row(1e-2, 0, 4)], "m", "lora", "one");
  assert.is(rate, 1e-3);
  assert.is(
    why,
    "1e-3 is the best of 3 rates measured for lora on m with one query a step; it took 20.0 % off the dev loss, and 1 of 4 runs were lost",
  );
});

test("where most runs were lost, or none gained, a third of the smallest rate is tried", () => {
  assert.is(suggestRate([row(3e-3, 0.1, 3)], "m", "lora", "one").rate, 1e-3);
  assert.is(suggestRate([row(3e-3, 0, 0), row(1e-2, 0, 0)], "m", "lora", "one").rate, 1e-3);
});

test("what nobody measured has no rate, and says how to find one", () => {
  for (const [model, adapter, queries] of [
    ["other", "lora", "one"],
    ["m", "prefix", "one"],
    ["m", "lora", "several"],
  ] as const) {
    const { rate, why } = suggestRate([row(1e-3, 0.2, 0)], model, adapter, queries);
    assert.is(rate, null);
    assert.match(why, `no run of ${adapter} on ${model} with ${queries === "one" ? "one query" : "several queries"}`);
    assert.match(why, "try 3e-4, 1e-3, 3e-3, 1e-2 for 40 steps each");
  }
});

test("one query or several: numbers, constants and schedules", () => {
  const schedule = { kind: "power-law", form: "current", multiplier: 1, exponent: 1, cap: 4 } as never;
  assert.equal(
    [1, 4, { kind: "constant", value: 1 } as const, { kind: "constant", value: 2 } as const, schedule].map(queriesKind),
    ["one", "several", "one", "several", "several"],
  );
});

test("the committed records have rates for MiniLM and SmolLM2, and none of them is the reference's 1e-4", () => {
  const rows = measuredRates();
  for (const model of ["minilm", "smollm2"])
    for (const kind of ["lora", "tensor-train"] as const)
      for (const queries of [1, 4]) {
        const { rate } = suggestedRate(model, { kind }, queries);
        assert.ok(rate !== null && rate > 1e-4, `${model}, ${kind}, ${queries}`);
      }
  assert.is(rateTable(rows).numRows(), rows.length);
  assert.equal(
    rows.filter(({ runs, lost, gain }) => lost > runs || gain < 0 || gain > 1),
    [],
  );
});

test.run();
