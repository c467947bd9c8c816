import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cellsOf } from "../../src/experiment/cells";
import { quantizedGrid } from "../../src/experiment/quantized-grid";
import type { QuantizedFindings } from "../../src/experiment/quantized-settings";
import { recordOfStill } from "../../src/experiment/record";
import { alongTable, pairedWays, quantizedRuns, quantizedTable } from "../../src/table/quantized";
import type { PlannedRecord } from "../../src/table/paper-cells";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";

const test = suite("table/quantized");

/** Records whose numbers are told from their cell: KL = way / 10 + seed, the engine's twice that. */
const planned: readonly PlannedRecord[] = cellsOf(quantizedGrid()).map((cell) => {
  const way = ["quantized-rounded", "quantized-generated", "quantized-zsaq"].indexOf(cell.arm);
  if (way < 0 || cell.seed > 1) return { cell, record: null };
  const divergence = (3 - way) / 10 + cell.seed;
  const quantized: QuantizedFindings = {
    teacher: { loss: 0.3, accuracy: 0.9 },
    divergence,
    engine: way === 0 ? null : { precision: "int4-activations:32", accuracy: 0.5, divergence: 2 * divergence },
    taught: [],
    climbed: [],
    passes: { forward: 10, backward: 4 },
    along: way === 0 ? null : { distances: [-0.1, 0, 0.1], values: [[3 + way, 1, 1 + way], [1, 1, 1]] }, // prettier-ignore
    stopped: null,
  };
  const still = { model: "m", adapter: null, data: "d", parameters: 1, dev: { loss: 1, accuracy: 0.5, forwardPasses: 1 }, forwardPasses: 10, elapsedMs: 1, message: "" }; // prettier-ignore
  const origin = { commit: "c", machine: "m", command: "x", startedAt: "2026-01-01", endedAt: "2026-01-01" };
  const extra = { test: { loss: 1, accuracy: 0.6 + cell.seed / 10, count: 4 }, quantized };
  const record = recordOfStill(cell, still, { ...origin, extra });
  assert.is(record.forwardPasses, 10);
  return { cell, record };
});
const runs = quantizedRuns(planned);

test("the grid has three seeds of each way at four numbers of bits, and the teacher of a seed is the same for all", () => {
  const cells = cellsOf(quantizedGrid());
  assert.is(cells.length, 66);
  assert.is(new Set(cells.map(({ key }) => key)).size, 66);
  const teachers = new Set(cells.map(({ settings: { arm } }) => ("kind" in arm && arm.kind === "quantized" ? JSON.stringify(arm.teacher) : ""))); // prettier-ignore
  assert.is(teachers.size, 1);
  assert.equal([...new Set(runs.map(({ bits }) => bits))], ["W4A8", "W2A8", "W3A8", "W8A8"]);
});

test("means over the seeds, and null where the engine was not asked", () => {
  const rows = quantizedTable(runs).objects() as readonly Readonly<Record<string, unknown>>[];
  assert.is(rows.length, 12);
  const row = rows.find(({ bits, way }) => bits === "W2A8" && way === "adversarial texts")!;
  near([row["KL, definition"] as number, row["KL, engine"] as number, row["accuracy, definition"] as number], [0.7, 1.4, 0.65], 1e-12); // prettier-ignore
  const rounded = rows.find(({ way }) => way === "rounded, nothing else")!;
  assert.equal([rounded["accuracy, engine"], rounded["engine's form"]], [null, "not asked"]);
});

test("ways are paired by seed; with fewer than two in common there is nothing", () => {
  const found = pairedWays(runs, "W4A8", "quantized-zsaq", "quantized-rounded")!;
  near([found.mean, found.low, found.high, found.seeds], [-0.2, -0.2, -0.2, 2], 1e-9);
  assert.is(pairedWays(runs, "W4A8", "quantized-zsaq", "quantized-real"), null);
  assert.is(pairedWays([], "W4A8", "quantized-zsaq", "quantized-rounded"), null);
});

test("the rise along directions is a mean over directions, sides and seeds, less the value at the point", () => {
  const rows = alongTable(runs).objects() as readonly Readonly<Record<string, unknown>>[];
  assert.is(rows.length, 8);
  // (3, 1, 1 + 1 - 1, 0, 0) -> of way 1: [4, 1, 2]: 3 and 1; [1, 1, 1]: 0 and 0.
  near([rows.find(({ way }) => way === "adversarial texts")!["rise at 0.1"] as number], [1], 1e-12);
});

test("a seed that was recorded twice is refused wherever means are taken", () => {
  const doubled = [...runs, runs[0]!];
  for (const table of [
    quantizedTable,
    alongTable,
    (all: typeof runs) => pairedWays(all, "W4A8", "quantized-zsaq", "quantized-generated"),
  ])
    // prettier-ignore
    throwsWith(() => table(doubled), 'expected one for each seed (leave the others out), got "two of seed 0"');
});

test.run();
