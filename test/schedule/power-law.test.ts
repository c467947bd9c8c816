import { suite } from "uvu";
import * as assert from "uvu/assert";
import { queriesBySteps, stepsPerEpoch } from "../../src/schedule/forward-passes";
import { exponentOf, type PowerLaw } from "../../src/schedule/power-law";
import { checkSchedule, queriesAt, scheduleAt } from "../../src/schedule/schedule";
import { throwsWith } from "../support/throws";

const test = suite("schedule/power-law");

const at = (schedule: PowerLaw, epoch: number) => queriesAt(schedule, { epoch, step: 0 });
const current = (epochs: number): PowerLaw => ({
  kind: "power-law",
  form: "current",
  multiplier: 0.85,
  exponent: { target: 20, epochs },
  cap: 15,
});

// Batch 16, 10,000 steps, alpha 0.85, target 20, cap 15, for three sizes of the training set.
const table = [
  { task: "most", examples: 1000, steps: 63, beta: "0.622", queries: [1, 2, 3, 5, 8, 12], full: 101, mean: "11.0" },
  { task: "CB", examples: 150, steps: 10, beta: "0.453", queries: [1, 1, 2, 3, 4, 6], full: 566, mean: "12.1" },
  { task: "COPA", examples: 300, steps: 19, beta: "0.503", queries: [1, 1, 2, 3, 5, 7], full: 302, mean: "11.8" },
];

for (const row of table) {
  test(`the schedule of ${row.task} (${row.examples} examples) has the exponent, queries and mean worked out by hand`, () => {
    const schedule = current((10_000 * 16) / row.examples);
    assert.is(exponentOf(schedule).toFixed(3), row.beta);
    assert.equal(
      [1, 5, 10, 20, 40, 80].map((epoch) => at(schedule, epoch)),
      row.queries,
    );
    assert.is(stepsPerEpoch(row.examples, 16), row.steps);
    assert.is(at(schedule, row.full), 15);
    assert.is(at(schedule, row.full - 1), 14);
    const queries = queriesBySteps(schedule, 10_000, row.steps);
    assert.is((queries.reduce((a, b) => a + b, 0) / queries.length).toFixed(1), row.mean);
  });
}

test("one query in epoch 0, where e^beta is 0, in every form but the distributed one, which has three", () => {
  assert.is(at(current(160), 0), 1);
  assert.is(at({ kind: "power-law", form: "june-2024", multiplier: 0.85, exponent: 0.4, cap: 15, initial: 1 }, 0), 1);
  assert.is(at({ kind: "power-law", form: "december-2024", multiplier: 0.85, exponent: 0.4, cap: 20, lower: 3 }, 0), 3);
  assert.is(at({ kind: "power-law", form: "roberta", exponent: 0.4 }, 0), 1);
});

test("the June form adds its initial query after rounding down, and derives its exponent from the rest", () => {
  // beta = ln((20 - 1) / 0.85) / ln 160 = 3.1069 / 5.0752 = 0.6122; 0.85 * 10^0.6122 = 3.48 -> 1 + 3
  const june: PowerLaw = {
    kind: "power-law",
    form: "june-2024",
    multiplier: 0.85,
    exponent: { target: 20, epochs: 160 },
    cap: 15,
    initial: 1,
  };
  assert.is(exponentOf(june).toFixed(4), "0.6122");
  assert.is(at(june, 10), 4);
  assert.is(at(june, 159), 15);
});

test("the distributed form stays within 3 and 20", () => {
  const december: PowerLaw = {
    kind: "power-law",
    form: "december-2024",
    multiplier: 0.85,
    exponent: { target: 20, epochs: 160 },
    cap: 20,
    lower: 3,
  };
  const queries = Array.from({ length: 400 }, (_, epoch) => at(december, epoch));
  assert.is(Math.min(...queries), 3);
  assert.is(Math.max(...queries), 20);
  assert.is(queries[20], 5);
});

test("the RoBERTa form has neither multiplier nor cap", () => {
  const roberta: PowerLaw = { kind: "power-law", form: "roberta", exponent: 0.5 };
  assert.equal(
    [0, 1, 3, 4, 9, 10_000].map((epoch) => at(roberta, epoch)),
    [1, 1, 1, 2, 3, 100],
  );
  // 32^beta = 8 -> beta = 3/5
  assert.is(exponentOf({ ...roberta, exponent: { target: 8, epochs: 32 } }).toFixed(6), "0.600000");
});

test("a derived exponent brings the uncapped curve to its target after the last epoch", () => {
  for (const epochs of [2, 15, 160, 1066.7]) {
    for (const target of [2, 8, 20]) {
      const beta = exponentOf({ ...current(epochs), exponent: { target, epochs } });
      assert.ok(Math.abs(0.85 * epochs ** beta - target) < 1e-9);
    }
  }
});

test("queries never fall from epoch to epoch", () => {
  const schedule = current(160);
  for (let epoch = 1; epoch < 300; epoch++) assert.ok(at(schedule, epoch) >= at(schedule, epoch - 1));
});

test("fields out of range are refused by name", () => {
  const law = { kind: "power-law", form: "current", multiplier: 0.85, exponent: 0.4, cap: 15 } as const;
  throwsWith(
    () => checkSchedule("queries", { ...law, multiplier: 0 }),
    "queries.multiplier: expected a positive number, got 0",
  );
  throwsWith(() => checkSchedule("queries", { ...law, cap: 1.5 }), "queries.cap: expected a positive integer, got 1.5");
  throwsWith(
    () => checkSchedule("queries", { ...law, exponent: NaN }),
    "queries.exponent: expected a finite number, got NaN",
  );
  throwsWith(
    () => checkSchedule("queries", { ...law, exponent: { target: 0, epochs: 2 } }),
    "queries.exponent.target: expected a positive number, got 0",
  );
  throwsWith(
    () => checkSchedule("queries", { ...law, exponent: { target: 20, epochs: 1 } }),
    "queries.exponent.epochs: expected more than 1 epoch (or give the exponent as a number), got 1",
  );
  throwsWith(
    () => checkSchedule("queries", { ...law, form: "june-2024", initial: 2, exponent: { target: 2, epochs: 9 } }),
    "queries.exponent.target: expected more than the initial 2 queries, got 2",
  );
  throwsWith(
    () => checkSchedule("queries", { ...law, form: "december-2024", lower: 3, cap: 2 }),
    "queries.cap: expected at least the lower bound 3, got 2",
  );
  throwsWith(
    () => checkSchedule("queries", { ...law, form: "july" as "current" }),
    /^queries.form: expected current, .*, got "july"$/,
  );
  throwsWith(
    () => checkSchedule("queries", { ...law, exponent: -0.4 }),
    "queries.exponent: expected at least 0, a schedule that does not fall, got -0.4",
  );
  throwsWith(
    () => checkSchedule("queries", { ...law, exponent: { target: 0.5, epochs: 9 } }),
    /^queries.exponent: expected at least 0/,
  );
  throwsWith(() => scheduleAt(law, { epoch: -1, step: 0 }), "epoch: expected a non-negative integer, got -1");
});

test.run();
