import { existsSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { costsFigure } from "../../src/plot/costs";
import { costOf, costTable, memoryRatio, parseCosts, publishedCosts, stepSeconds } from "../../src/table/costs";
import type { CostMethod, CostRecord } from "../../src/table/costs";
import { throwsWith } from "../support/throws";

const test = suite("table/costs");

const record = (method: CostMethod, peakMiB: number, seconds: readonly number[]): CostRecord => ({
  format: "adazeta-cost",
  version: 1,
  model: "M",
  weights: "real",
  precision: "fp32",
  method,
  texts: 8,
  tokens: 64,
  failed: null,
  machine: "a machine",
  commit: "abc1234",
  date: "2026-11-24",
  measured: { engine: "onnx", trainable: 10, openSeconds: 1, seconds, peakMiB, startMiB: 100 },
});
const missing: CostRecord = { ...record("first-order, all weights", 1, [1]), measured: null, failed: "no memory" };
const records = [record("inference", 512, [9, 2, 3, 1]), record("zeroth-order, adapters", 1024, [4]), missing];

test("a step's time is the median after the first; memory and time are told as multiples of inference", () => {
  assert.is(stepSeconds(records[0]!), 2);
  assert.is(stepSeconds(records[1]!), 4);
  const rows = costTable(records).objects() as Record<string, unknown>[];
  assert.equal(rows[1]!["x inference's memory"], 2);
  assert.equal(rows[1]!["x inference's time"], 2);
  assert.equal([rows[2]!["step (s)"], rows[2]!["remark"]], [null, "no memory"]);
  assert.is(memoryRatio(records, "M", "fp32", "zeroth-order, adapters", "inference"), 2);
  assert.is(memoryRatio(records, "M", "fp32", "first-order, all weights", "inference"), null);
  assert.is(costOf(records, "M", "fp32", "inference").peakMiB, 512);
});

test("a time is a multiple of one that the same machine took", () => {
  const elsewhere = { ...record("directional, adapters", 1024, [4]), machine: "another machine" };
  const [, row] = costTable([records[0]!, elsewhere]).objects() as Record<string, unknown>[];
  assert.equal([row!["x inference's memory"], row!["x inference's time"]], [2, null]);
});

test("the figure has a bar for each measurement in each panel, and none for what did not run", () => {
  const { data } = costsFigure(records, { title: "costs" });
  assert.equal(
    data.map(({ name, y }) => [name, y]),
    [
      ["inference", [0.5]],
      ["zeroth-order, adapters", [1]],
      ["inference", [2]],
      ["zeroth-order, adapters", [4]],
    ],
  );
});

test("records go through JSON; a line that is none is named", () => {
  const text = records.map((r) => JSON.stringify(r)).join("\n");
  assert.equal(parseCosts(`${text}\n`, "f"), records);
  throwsWith(() => parseCosts(`${text}\n{"a`, "f"), "f:4: expected one JSON object on the line");
  const bad: string[] = [];
  assert.equal(
    parseCosts(`null\n${text}\n{"a`, "f", (error) => bad.push(String(error))),
    records,
  );
  assert.equal([bad.length, bad[1]!.startsWith("Error: f:5: expected one JSON object")], [2, true]);
  throwsWith(() => parseCosts('{"format":"other"}', "f"), "f:1: format: expected adazeta-cost, version 1");
  const wrong = JSON.stringify({ ...records[0], method: "magic" });
  throwsWith(() => parseCosts(wrong, "f"), "f:1: method: expected inference |");
  const both = JSON.stringify({ ...records[0], failed: "x" });
  throwsWith(() => parseCosts(both, "f"), "f:1: expected either a measurement or why there is none");
  throwsWith(() => costOf(records, "N", "fp32", "inference"), "records: expected a measurement of N");
  throwsWith(() => costsFigure([missing]), "records: expected at least one measurement");
});

test("the committed records are whole, and every published figure has its source", () => {
  const path = "data/results/memory-and-speed.jsonl";
  if (existsSync(path)) assert.ok(parseCosts(readFileSync(path, "utf8"), path).length > 0);
  assert.ok(publishedCosts.every(({ source }) => source.length > 10));
});

test.run();
