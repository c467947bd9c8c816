import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseOptions } from "../../src/experiment/options";
import { isInShare, parseShare, recordFiles, scheduledShare, shareRecordsPath } from "../../src/experiment/share";
import { readRecords } from "../../src/experiment/store";
import { cells, runPartOfSmallGrid, runSmallGrid } from "../support/analytic-grid";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("experiment/share");
const files = scratch();
test.after(() => files.remove());
const thirds = [0, 1, 2].map((index) => ({ index, count: 3 }));

test("a part is read from the command line; what is none is refused", () => {
  assert.equal(parseOptions(["rates", "--part", "2/3"]).share, { index: 2, count: 3 });
  assert.is(parseOptions(["rates"]).share, null);
  for (const text of ["3/3", "0/0", "-1/3", "1", "1/", "a/b", "1.5/3", "1/3/5", ""])
    throwsWith(() => parseShare(text), "--part: expected");
  throwsWith(() => parseOptions(["rates", "--part", "0/3", "--remake"]), "--remake: expected without a part");
  throwsWith(() => parseOptions(["rates", "--part", "0/3", "--parts", "3"]), "--part: expected it, or --parts");
});

test("the number of a part comes from Slurm, Kubernetes or AWS Batch", () => {
  assert.equal(scheduledShare("3", { JOB_COMPLETION_INDEX: "2" }), thirds[2]);
  assert.equal(scheduledShare("3", { AWS_BATCH_JOB_ARRAY_INDEX: "0" }), thirds[0]);
  const slurm = { SLURM_ARRAY_TASK_ID: "12", SLURM_ARRAY_TASK_MIN: "10", SLURM_ARRAY_TASK_COUNT: "3" };
  assert.equal(scheduledShare("3", slurm), thirds[2]);
  assert.equal(scheduledShare("3", { SLURM_ARRAY_TASK_ID: "2" }), thirds[2]);
  assert.equal(
    scheduledShare("3", { SLURM_ARRAY_TASK_ID: "14", SLURM_ARRAY_TASK_MIN: "10", SLURM_ARRAY_TASK_STEP: "2" }),
    thirds[2],
  );
  // Kubernetes beneath AWS Batch says the same twice.
  assert.equal(scheduledShare("3", { JOB_COMPLETION_INDEX: "1", AWS_BATCH_JOB_ARRAY_INDEX: "1" }), thirds[1]);
});

test("a number that is none of the parts', missing, or said twice differently is refused", () => {
  throwsWith(() => scheduledShare("3", {}), "without a scheduler: --part 0/3");
  throwsWith(() => scheduledShare("3", { JOB_COMPLETION_INDEX: "3" }), 'a part from 0/3 to 2/3, got "3/3"');
  throwsWith(() => scheduledShare("3", { JOB_COMPLETION_INDEX: "x" }), "JOB_COMPLETION_INDEX: expected a number");
  throwsWith(() => scheduledShare("three", { JOB_COMPLETION_INDEX: "0" }), "--parts: expected how many");
  throwsWith(() => scheduledShare("0", { JOB_COMPLETION_INDEX: "0" }), "at least one part");
  throwsWith(
    () => scheduledShare("3", { JOB_COMPLETION_INDEX: "1", AWS_BATCH_JOB_ARRAY_INDEX: "2" }),
    'one number of this part, 1 of JOB_COMPLETION_INDEX, got "2 of AWS_BATCH_JOB_ARRAY_INDEX"',
  );
  // One task of an array submitted again is its own least: it would make part 0.
  throwsWith(
    () => scheduledShare("3", { SLURM_ARRAY_TASK_ID: "2", SLURM_ARRAY_TASK_MIN: "2", SLURM_ARRAY_TASK_COUNT: "1" }),
    "SLURM_ARRAY_TASK_COUNT: expected 3, as many tasks as --parts says (to make one part again: --part), got 1",
  );
  throwsWith(
    () => scheduledShare("3", { SLURM_ARRAY_TASK_ID: "1", SLURM_ARRAY_TASK_MIN: "2" }),
    "SLURM_ARRAY_TASK_ID: expected",
  );
});

test("each run is of exactly one part, whatever their number", () => {
  for (const count of [1, 2, 3, 7, 1000])
    for (const { key } of cells) {
      const of = Array.from({ length: count }, (_, index) => isInShare(key, { index, count })).filter(Boolean);
      assert.is(of.length, 1);
    }
});

test("the files of an experiment are its own and its parts', and no other's", () => {
  const folder = files.file("names");
  mkdirSync(folder);
  for (const name of [
    "a.jsonl",
    "a.part-10-of-11.jsonl",
    "a.part-2-of-11.jsonl",
    "a-full.part-0-of-2.jsonl",
    "a.part-x.jsonl",
    "ba.part-0-of-1.jsonl",
  ])
    // prettier-ignore
    writeFileSync(`${folder}/${name}`, "");
  assert.equal(
    recordFiles(`${folder}/a.jsonl`).map((path) => path.slice(folder.length + 1)),
    ["a.jsonl", "a.part-2-of-11.jsonl", "a.part-10-of-11.jsonl"],
  );
  assert.equal(recordFiles(`${files.file("nowhere")}/a.jsonl`), []);
});

/** Records by key, without when they were made and how long that took. */
function withoutTimes(folder: string): readonly string[] {
  const timed = /^(startedAt|endedAt|elapsedMs)$/;
  return readRecords(`${folder}/results/small.jsonl`)
    .records.map((record) => JSON.stringify(record, (name, value: unknown) => (timed.test(name) ? 0 : value)))
    .sort();
}

test("three processes with a third each, one of them killed and started again, leave what one process leaves", async () => {
  const whole = files.file("whole");
  await runSmallGrid(whole);
  const folder = files.file("thirds");
  const [first, ...others] = thirds.map((share) => part(folder, share.index));
  await new Promise<void>((resolve) => {
    let lines = 0;
    first!.process.stdout.on("data", (chunk: Buffer) => {
      lines += String(chunk).split("\n").length - 1;
      if (lines >= 12) resolve();
    });
  });
  first!.process.kill("SIGKILL");
  await first!.gone;
  const before = withoutTimes(folder).length;
  const again = part(folder, 0);
  await Promise.all([...others, again].map(({ gone }) => gone));
  assert.equal(
    [...others, again].map(({ process }) => process.exitCode),
    [0, 0, 0],
  );
  assert.ok(before < 8, `${before} records before the killed part was started again`);
  assert.equal(withoutTimes(folder), withoutTimes(whole));
  assert.equal(
    readdirSync(`${folder}/results`).sort(),
    thirds.map((share) => shareRecordsPath("small.jsonl", share)).filter((name) => recordsIn(`${folder}/results/${name}`) > 0), // prettier-ignore
  );
  // Whoever asks for the whole grid finds nothing left to do.
  assert.equal(await runSmallGrid(folder), { recorded: 0, skipped: 8, failed: [], stopped: false });
});

test("a run that two parts have counts once, and a damaged line of a part is named", async () => {
  const folder = files.file("twice");
  for (const share of [...thirds, { index: 0, count: 1 }]) await runPartOfSmallGrid(folder, share);
  const path = `${folder}/results/small.part-0-of-3.jsonl`;
  const text = readFileSync(path, "utf8");
  writeFileSync(`${folder}/results/small.part-0-of-5.jsonl`, text);
  assert.is(readRecords(`${folder}/results/small.jsonl`).records.length, 8);
  writeFileSync(path, text.replace(/"seed":\d/, '"seed":7'));
  const found = readRecords(`${folder}/results/small.jsonl`);
  assert.match(found.damaged[0]!.where, "small.part-0-of-3.jsonl:1");
  assert.is(found.records.length, 8, "the copy still has it");
});

function recordsIn(path: string): number {
  return readRecords(path).records.length;
}

function part(folder: string, index: number) {
  const process = spawn(execPath, ["--import", "tsx", "test/support/killed-grid.ts", folder, `${index}/3`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.stdout.resume();
  return { process, gone: new Promise<void>((resolve) => process.on("exit", () => resolve())) };
}

const { execPath } = process;

test.run();
