import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { stepsOf } from "../../src/experiment/history";
import type { GridProgress } from "../../src/experiment/progress";
import { asRun } from "../../src/experiment/record";
import { complaints, readRecords } from "../../src/experiment/store";
import { train } from "../../src/train/train";
import { cells, remakeSmallGrid, runSmallGrid, smallCell } from "../support/analytic-grid";
import { logisticRun } from "../support/analytic-runs";
import { scratch } from "../support/scratch";

const test = suite("experiment/run-grid");
const files = scratch();
test.after(() => files.remove());
const recordsOf = (folder: string) => readRecords(`${folder}/results/small.jsonl`).records;

test("a grid of 2 arms x 2 seeds x 2 rates leaves 8 records with what a repetition needs", async () => {
  const folder = files.file("whole");
  assert.equal(await runSmallGrid(folder), { recorded: 8, skipped: 0, failed: [], stopped: false });
  const records = recordsOf(folder);
  assert.equal(
    records.map(({ key }) => key),
    cells.map(({ key }) => key),
  );
  const [record] = records;
  assert.equal(record.settings, cells[0].settings);
  assert.is(record.model, "logistic");
  assert.is(record.commit, "0123abc");
  assert.equal(record.extra, { test: 0.5 });
  const run = await train(logisticRun({ settings: cells[0].settings }));
  const steps = stepsOf(record.history);
  assert.is(steps.length, 20);
  assert.is(steps[7].loss, Number(run.steps[7].loss.toPrecision(6)));
  assert.is(steps[7].forwardPasses, 16);
  assert.equal(
    asRun(record).evaluations.map(({ step }) => step),
    [0, 5, 10, 15, 20],
  );
  assert.equal(readdirSync(`${folder}/partial`), []); // neither trajectories nor the lock are left
});

test("identical settings are never run twice", async () => {
  const folder = files.file("twice");
  await runSmallGrid(folder, { cells: cells.slice(0, 3) });
  const renamed = cells.map((cell) => ({ ...cell, arm: `other-${cell.arm}` }));
  assert.equal(await runSmallGrid(folder, { cells: renamed }), { recorded: 5, skipped: 3, failed: [], stopped: false });
  assert.is(recordsOf(folder).length, 8);
});

test("a grid killed at any time continues to the records of one that was not", async () => {
  const expected = files.file("unkilled");
  await runSmallGrid(expected);
  const folder = files.file("killed");
  for (const told of [12, 50, 30]) await killedAfter(folder, told);
  const before = recordsOf(folder).length;
  assert.ok(before >= 1 && before < 8, `killed at the wrong time: ${before} records`);
  // left by the killed processes, known to be stale
  assert.ok(readdirSync(`${folder}/partial`).some((name) => name.endsWith(".lock")));
  const result = await runSmallGrid(folder);
  assert.is(result.recorded + result.skipped, 8);
  const histories = (from: string) => recordsOf(from).map(({ key, history, reason }) => ({ key, history, reason }));
  assert.equal(histories(folder), histories(expected));
});

test("two processes on one grid share its runs, each made once", async () => {
  const folder = files.file("shared");
  const other = spawn(process.execPath, ["--import", "tsx", "test/support/killed-grid.ts", folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = new Promise<void>((resolve) => other.on("exit", () => resolve()));
  await new Promise<void>((resolve) => other.stdout.once("data", () => resolve()));
  const here = await runSmallGrid(folder, {}, 4);
  await gone;
  assert.equal([other.exitCode, here.failed], [0, []]);
  assert.ok(here.recorded > 0 && here.recorded < 8, `${here.recorded} of 8 runs made here`);
  assert.is(here.recorded + here.skipped, 8);
  assert.equal(
    recordsOf(folder)
      .map(({ key }) => key)
      .sort(),
    cells.map(({ key }) => key).sort(),
  );
  assert.equal(readdirSync(`${folder}/partial`), []);
});

test("a half-written last record is dropped, and its run is made again", async () => {
  const folder = files.file("half");
  await runSmallGrid(folder, { cells: cells.slice(0, 2) });
  const path = `${folder}/results/small.jsonl`;
  const whole = readFileSync(path, "utf8");
  writeFileSync(path, whole.slice(0, -40));
  assert.match(readRecords(path).recovered!, "small.jsonl:2: a half-written last line");
  assert.is((await runSmallGrid(folder, { cells: cells.slice(0, 2) })).recorded, 1);
  assert.is(readRecords(path).records.length, 2);
});

test("lines that are damaged or of another version are named and passed over; their runs are made again beside them", async () => {
  const folder = files.file("version");
  const path = `${folder}/results/small.jsonl`;
  await runSmallGrid(folder, { cells: cells.slice(0, 6) });
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const damaged = [
    lines[0]!,
    lines[1]!.replace(/"loss":\[\d\.\d/, '"loss":[9.9'), // digits changed
    lines[2]!.slice(0, 300), // cut off in the middle of the file
    '{"format":"adazeta-record","version":3}',
    lines[4]!.replace(/,"check":"[0-9a-f]{8}"\}$/, "}"), // of an earlier version: no checksum
    lines[5]!.replace(/"history":\{.*\},"extra"/, '"history":5,"extra"').replace(/,"check":"[0-9a-f]{8}"\}$/, "}"),
  ];
  assert.is.not(damaged[1], lines[1]);
  writeFileSync(path, `${damaged.join("\n")}\n`);
  const found = readRecords(path);
  assert.equal(
    found.records.map(({ key }) => key),
    [cells[0]!.key, cells[4]!.key],
  );
  const told = complaints(found).join("\n");
  for (const text of [
    "small.jsonl:2: damaged, passed over: checksum: expected",
    "small.jsonl:3: damaged, passed over: expected one JSON value",
    "small.jsonl:4: damaged, passed over: version: expected 1, got 3",
    "small.jsonl:6: damaged, passed over: history: expected steps in columns",
    "delete it: `npm run experiment` makes its run again",
  ])
    assert.ok(told.includes(text), `${text} is not in\n${told}`);
  assert.equal(await runSmallGrid(folder), { recorded: 6, skipped: 2, failed: [], stopped: false });
  const whole = readFileSync(path, "utf8");
  assert.ok(whole.startsWith(`${damaged.join("\n")}\n`), "the damaged lines are left to people");
  assert.equal(new Set(readRecords(path).records.map(({ key }) => key)), new Set(cells.map(({ key }) => key)));
  assert.not.ok(existsSync(`${folder}/partial/small.lock`));
});

test("a record says which source decided it, and which it was begun with where that is another", async () => {
  const folder = files.file("sources");
  const stop = new AbortController();
  const origin = { commit: "0123abc", machine: "test", command: "test" };
  let told = 0;
  await runSmallGrid(folder, {
    origin: { ...origin, sources: "before" },
    signal: stop.signal,
    onProgress: () => (++told === 30 ? stop.abort() : undefined),
  });
  await runSmallGrid(folder, { origin: { ...origin, sources: "after" }, cells: cells.slice(0, 3) });
  assert.equal(
    recordsOf(folder).map(({ sources }) => sources),
    ["before", "before+after", "after"],
  );
});

test("a run that fails is told, the others go on", async () => {
  const folder = files.file("fails");
  const runCell = async () => {
    throw new Error("model.onnx: expected a file, got nothing");
  };
  const result = await runSmallGrid(folder, { cells: cells.slice(0, 2), runCell });
  assert.is(result.failed.length, 2);
  assert.equal(result.failed[0], {
    what: "mezo, seed 0, learning rate 0.01",
    message: "model.onnx: expected a file, got nothing",
  });
  assert.equal(recordsOf(folder), []);
});

test("a stop signal leaves the run to be continued", async () => {
  const folder = files.file("stopped");
  const stop = new AbortController();
  let told = 0;
  const result = await runSmallGrid(folder, {
    signal: stop.signal,
    onProgress: () => (++told === 30 ? stop.abort() : undefined),
  });
  assert.ok(result.stopped && result.recorded === 1);
  assert.is((await runSmallGrid(folder)).recorded, 7);
});

test("progress counts runs and estimates the time that is left", async () => {
  const told: GridProgress[] = [];
  await runSmallGrid(files.file("progress"), { onProgress: (p) => told.push(p) });
  assert.is(told[0].remainingMs, null);
  assert.equal([told.at(-1)!.done, told.at(-1)!.total, told.at(-1)!.remainingMs], [8, 8, 0]);
  const half = told.find(({ done, share }) => done === 4 && share === 0)!;
  // half of the cost is done, so about as much time is left as has passed
  assert.ok(Math.abs(half.remainingMs! / half.elapsedMs - 1) < 0.1);
});

test("what another process makes meanwhile is counted as done, and as its part of the pace", async () => {
  const folder = files.file("beside");
  const told: GridProgress[] = [];
  const plain = smallCell(0);
  const runCell: typeof plain = async (cell, context) => {
    // While the first run is made here, another process makes the last four.
    if (cell === cells[0]) await runSmallGrid(folder, { cells: cells.slice(4) });
    return plain(cell, context);
  };
  const result = await runSmallGrid(folder, { runCell, onProgress: (p) => told.push(p) });
  assert.equal(result, { recorded: 4, skipped: 4, failed: [], stopped: false });
  assert.equal([told.at(-1)!.done, told.at(-1)!.remainingMs], [8, 0]);
  const second = told.find(({ done, share }) => done === 5 && share === 0)!;
  // Of costs 1, 2, 1, 2 here and there the first and the last four are done.
  assert.is(second.remainingMs, (second.elapsedMs / 7) * 5);
});

/** The records of a whole grid of which those of `indices` have a fault; their losses are not those of the runs. */
async function withFaults(folder: string, indices: readonly number[], name = "small"): Promise<string> {
  await runSmallGrid(folder);
  const path = `${folder}/results/small.jsonl`;
  const lines = recordsOf(folder).map((record, i) =>
    indices.includes(i) ? { ...record, message: "old", commit: "d86592f", fault: "last-weight" } : record,
  );
  writeFileSync(path, "");
  writeFileSync(`${folder}/results/${name}.jsonl`, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return readFileSync(`${folder}/results/${name}.jsonl`, "utf8");
}

const linesOf = (text: string) => text.trimEnd().split("\n");

test("runs with a known fault are made again, each line in the old one's place; the others keep their bytes", async () => {
  const folder = files.file("remade");
  const before = linesOf(await withFaults(folder, [1, 2, 7]));
  assert.equal(
    await runSmallGrid(folder),
    { recorded: 0, skipped: 8, failed: [], stopped: false },
    "kept without being asked",
  );
  assert.equal(await remakeSmallGrid(folder), { recorded: 3, skipped: 0, failed: [], stopped: false });
  const after = linesOf(readFileSync(`${folder}/results/small.jsonl`, "utf8"));
  assert.is(after.length, 8);
  after.forEach((line, i) => assert.is(line === before[i], ![1, 2, 7].includes(i), `line ${i + 1}`));
  for (const record of recordsOf(folder)) assert.equal([record.fault, record.commit], [undefined, "0123abc"]);
  assert.equal(
    recordsOf(folder).map(({ key }) => key),
    cells.map(({ key }) => key),
  );
  assert.equal(await remakeSmallGrid(folder), { recorded: 0, skipped: 0, failed: [], stopped: false });
  assert.equal(readdirSync(`${folder}/partial`), []);
});

test("a run is made again in the file that has its record, after a half-written line too", async () => {
  const folder = files.file("remade-elsewhere");
  await withFaults(folder, [0, 3], "other");
  appendFileSync(`${folder}/results/other.jsonl`, '{"format":"adazeta-rec');
  assert.is((await remakeSmallGrid(folder)).recorded, 2);
  const { records, recovered } = readRecords(`${folder}/results/other.jsonl`);
  assert.equal([records.length, recovered], [8, null]);
  assert.not.ok(records.some(({ fault }) => fault !== undefined));
  assert.equal(recordsOf(folder), []);
});

test("killed at any time while runs are made again, no record is lost, and the command goes on to the same records", async () => {
  const expected = files.file("unkilled-remade");
  await runSmallGrid(expected);
  const folder = files.file("killed-remade");
  await withFaults(folder, [0, 2, 3, 5, 6]);
  for (const told of [12, 40, 25]) {
    await killedAfter(folder, told, "remake");
    assert.equal(
      recordsOf(folder).map(({ key }) => key),
      cells.map(({ key }) => key),
    );
  }
  const left = recordsOf(folder).filter(({ fault }) => fault !== undefined).length;
  assert.ok(left >= 1 && left < 5, `killed at the wrong time: ${left} left`);
  assert.is((await remakeSmallGrid(folder)).recorded, left);
  const histories = (from: string) => recordsOf(from).map(({ key, history, message }) => ({ key, history, message }));
  assert.equal(histories(folder), histories(expected));
});

test("two processes share what is made again, each run once", async () => {
  const folder = files.file("shared-remade");
  await withFaults(folder, [0, 1, 2, 3, 4, 5, 6, 7]);
  const other = spawn(process.execPath, ["--import", "tsx", "test/support/killed-grid.ts", folder, "remake"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = new Promise<void>((resolve) => other.on("exit", () => resolve()));
  await new Promise<void>((resolve) => other.stdout.once("data", () => resolve()));
  const here = await remakeSmallGrid(folder, {}, 4);
  await gone;
  assert.equal([other.exitCode, here.failed], [0, []]);
  assert.ok(here.recorded > 0 && here.recorded < 8, `${here.recorded} of 8 runs made here`);
  assert.equal(
    recordsOf(folder).map(({ key, fault }) => [key, fault]),
    cells.map(({ key }) => [key, undefined]),
  );
});

test("a record with a fault that this version does not know is named and passed over", async () => {
  const folder = files.file("unknown-fault");
  await withFaults(folder, [1]);
  const path = `${folder}/results/small.jsonl`;
  writeFileSync(path, readFileSync(path, "utf8").replace("last-weight", "bad-moon"));
  const { records, damaged } = readRecords(path);
  assert.equal([records.length, damaged.length], [7, 1]);
  assert.match(damaged[0]!.where, /small\.jsonl:2$/);
  assert.is(damaged[0]!.why, 'fault: expected one of last-weight, got "bad-moon"');
});

/** Runs the grid in its own process and kills it, with no chance to clean up, when it has told its progress that often. */
async function killedAfter(folder: string, told: number, mode = "run"): Promise<void> {
  const child = spawn(process.execPath, ["--import", "tsx", "test/support/killed-grid.ts", folder, mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = new Promise((resolve) => child.on("exit", resolve));
  let lines = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    lines += text.split("\n").length - 1;
    if (lines >= told) child.kill("SIGKILL");
  });
  await gone;
  assert.is(child.signalCode, "SIGKILL");
}

test.run();
