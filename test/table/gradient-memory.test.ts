import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  gradientMemoryTable,
  newestGradientMemory,
  parseGradientMemory,
  usualSeconds,
} from "../../src/table/gradient-memory";
import type { GradientMemory } from "../../src/table/gradient-memory";
import { throwsWith } from "../support/throws";

const test = suite("table/gradient-memory");

const record: GradientMemory = {
  format: "adazeta-gradient-memory",
  version: 1,
  model: "MiniLM",
  task: "trec",
  trained: "all weights",
  rule: "LOMO",
  alive: "one block's",
  batch: 8,
  measured: { peakMiB: 800, startMiB: 190, trainable: 4, gradientBytes: 8, stateBytes: 0, seconds: [2, 1] },
  machine: "here",
  commit: "abc",
  date: "2026-01-01",
};
const lineOf = (value: object): string => JSON.stringify(value);

test("records are read line by line; of several of one row the last is taken", () => {
  const later = { ...record, measured: { ...record.measured, peakMiB: 700 } };
  const other = { ...record, rule: "AdamW", alive: "all" };
  const all = parseGradientMemory([record, other, later].map(lineOf).join("\n\n"), "file");
  assert.equal(all, [record, other, later]);
  assert.equal(newestGradientMemory(all), [later, other]);
});

test("a line that is no such record is named with its field", () => {
  const bad =
    (changes: object): (() => unknown) =>
    () =>
      parseGradientMemory(`${lineOf(record)}\n${lineOf({ ...record, ...changes })}`, "file");
  throwsWith(bad({ version: 2 }), "file:2: format: expected adazeta-gradient-memory, version 1, got ");
  throwsWith(bad({ rule: 3 }), "file:2: rule: expected a text, got 3");
  throwsWith(bad({ batch: 0 }), "file:2: batch: expected a positive integer");
  throwsWith(bad({ measured: null }), "file:2: measured: expected figures, got null");
  throwsWith(
    bad({ measured: { ...record.measured, peakMiB: -1 } }),
    "file:2: measured.peakMiB: expected a positive number, got -1",
  );
  throwsWith(bad({ measured: { ...record.measured, stateBytes: 1.5 } }), "file:2: measured.stateBytes: expected ");
  throwsWith(
    bad({ measured: { ...record.measured, seconds: [] } }),
    "file:2: measured.seconds: expected seconds of each step",
  );
});

test("a table has each row's peak over AdamW's with all gradients, and the median of its later steps", () => {
  const adamw = { ...record, rule: "AdamW", alive: "all", measured: { ...record.measured, peakMiB: 1600 } };
  const rows = gradientMemoryTable([adamw, record]).objects() as Record<string, unknown>[];
  assert.equal(
    rows.map((row) => [row["rule"], row["/ AdamW's, all"], row["step (s)"]]),
    [
      ["AdamW", 1, 1],
      ["LOMO", 0.5, 1],
    ],
  );
  assert.is(usualSeconds([7]), 7);
});

test.run();
