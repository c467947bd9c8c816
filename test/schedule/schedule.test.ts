import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkSchedule, queriesAt, scheduleAt, scheduleOf, type Schedule } from "../../src/schedule/schedule";
import { throwsWith } from "../support/throws";

const test = suite("schedule/schedule");

test("a linear schedule goes from its first to its last value and stays there", () => {
  // 1 + (9 - 1) * epoch / 4
  const schedule: Schedule = { kind: "linear", from: 1, to: 9, over: 4, unit: "epoch" };
  assert.equal(
    [0, 1, 2, 3, 4, 5].map((epoch) => scheduleAt(schedule, { epoch, step: 1000 })),
    [1, 3, 5, 7, 9, 9],
  );
});

test("a linear schedule over steps does not look at epochs", () => {
  const schedule: Schedule = { kind: "linear", from: 1e-3, to: 0, over: 10, unit: "step" };
  assert.is(scheduleAt(schedule, { epoch: 7, step: 5 }), 5e-4);
  assert.is(scheduleAt(schedule, { epoch: 7, step: 10 }), 0);
});

test("a schedule of steps takes each new value at its moment", () => {
  const schedule: Schedule = {
    kind: "steps",
    initial: 4,
    changes: [
      { at: 2, value: 8 },
      { at: 5, value: 1 },
    ],
    unit: "epoch",
  };
  assert.equal(
    [0, 1, 2, 4, 5, 99].map((epoch) => scheduleAt(schedule, { epoch, step: 0 })),
    [4, 4, 8, 8, 1, 1],
  );
});

test("queries are whole and at least one", () => {
  assert.is(queriesAt(scheduleOf(3.99), { epoch: 0, step: 0 }), 3);
  assert.is(queriesAt(scheduleOf(0), { epoch: 0, step: 0 }), 1);
});

test("every schedule survives JSON", () => {
  const schedules: Schedule[] = [
    { kind: "constant", value: 2 },
    { kind: "linear", from: 1, to: 2, over: 3, unit: "step" },
    { kind: "steps", initial: 1, changes: [{ at: 3, value: 2 }], unit: "step" },
    { kind: "power-law", form: "current", multiplier: 0.85, exponent: { target: 20, epochs: 160 }, cap: 15 },
  ];
  for (const schedule of schedules) assert.equal(JSON.parse(JSON.stringify(schedule)), schedule);
});

test("fields out of range are refused by name", () => {
  const refuse = (schedule: unknown, message: string | RegExp) =>
    throwsWith(() => checkSchedule("learningRate", schedule as Schedule), message);
  refuse({ kind: "constant", value: Infinity }, "learningRate.value: expected a finite number, got Infinity");
  refuse(null, "learningRate: expected a schedule {kind, ...}, got null");
  refuse({ kind: "cosine" }, 'learningRate.kind: expected constant, linear, steps or power-law, got "cosine"');
  refuse(
    { kind: "linear", from: 0, to: 1, over: 0, unit: "step" },
    "learningRate.over: expected a positive integer, got 0",
  );
  refuse(
    { kind: "linear", from: 0, to: 1, over: 1, unit: "day" },
    'learningRate.unit: expected "step" or "epoch", got "day"',
  );
  refuse(
    {
      kind: "steps",
      initial: 0,
      unit: "step",
      changes: [
        { at: 4, value: 1 },
        { at: 4, value: 2 },
      ],
    },
    "learningRate.changes[1].at: expected more than 4, the change before, got 4",
  );
  throwsWith(
    () => scheduleAt(scheduleOf(1), { epoch: 0, step: 0.5 }),
    "step: expected a non-negative integer, got 0.5",
  );
});

test.run();
