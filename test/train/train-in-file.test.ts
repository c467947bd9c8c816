import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mezo } from "../../src/optimizer/recipes";
import { openLineFile } from "../../src/train/line-file";
import { replay } from "../../src/train/replay";
import { train } from "../../src/train/train";
import { trainInFile } from "../../src/train/train-in-file";
import { readTrajectory } from "../../src/train/trajectory";
import { layoutOf } from "../../src/tree/layout";
import { logisticRun, objectiveOf, quadraticRun, settingsOf } from "../support/analytic-runs";
import { killableRun } from "../support/killable-run";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";

const test = suite("train/train-in-file");
const files = scratch();
test.after(() => files.remove());

test("the file holds header, evaluations, steps and end, and reads back what the run returned", async () => {
  const path = files.file("whole.jsonl");
  const run = await trainInFile({ ...quadraticRun(), path });
  const read = readTrajectory(path)!;
  assert.equal(read.header, run.header);
  assert.equal(read.steps, run.steps);
  assert.equal(read.evaluations, run.evaluations);
  assert.equal(read.end, run.end);
  assert.is(read.recovered, null);
  assert.is(readFileSync(path, "utf8").trim().split("\n").length, 1 + 6 + 4 + 1);
});

test("a replay has the bits of the run, at its end and on its way", async () => {
  const path = files.file("replay.jsonl");
  const options = killableRun(0);
  const run = await trainInFile({ ...options, path });
  const trajectory = readTrajectory(path)!;
  assert.equal(bits(replay(trajectory, options.start, options.layout)), bits(run.point));
  const best = replay(trajectory, options.start, options.layout, run.best!.evaluation.step);
  assert.equal(bits(best), bits(run.best!.point));
});

test("a replay from another start or another layout is refused", async () => {
  const path = files.file("replay-other.jsonl");
  const options = quadraticRun();
  await trainInFile({ ...options, path });
  const trajectory = readTrajectory(path)!;
  throwsWith(() => replay(trajectory, new Float32Array(4).fill(1), options.layout), "start: expected the point with");
  const other = layoutOf([{ name: "y", shape: [2, 2], decay: true }]);
  throwsWith(() => replay(trajectory, options.start, other), "layout: expected the trainable parameters with");
});

test("cut off at any byte, the file continues to the same bits and says what it dropped", async () => {
  const whole = files.file("bytes-whole.jsonl");
  const expected = await trainInFile({ ...quadraticRun(), path: whole });
  const content = readFileSync(whole);
  const path = files.file("bytes.jsonl");
  let said = 0;
  for (let bytes = 0; bytes <= content.length; bytes += 7) {
    writeFileSync(path, content.subarray(0, bytes));
    const result = await trainInFile({ ...quadraticRun(), path }, (e) => {
      if (e.kind === "warning" && e.about === "recovered") said++;
    });
    assert.equal(bits(result.point), bits(expected.point), `cut at byte ${bytes}`);
    assert.equal(bits(result.best!.point), bits(expected.best!.point), `cut at byte ${bytes}`);
    assert.is(result.best!.evaluation.step, expected.best!.evaluation.step);
    const lines = readTrajectory(path)!;
    assert.equal(lines.steps.map(untimed), expected.steps.map(untimed));
    assert.equal(lines.evaluations.map(untimed), expected.evaluations.map(untimed));
  }
  assert.ok(said > 100);
});

test("a process killed several times ends in the bits of a run that was not", async () => {
  const expected = await train(killableRun(0));
  const path = files.file("killed.jsonl");
  for (const steps of [5, 16, 4, 13]) await killedAfter(path, steps);
  const before = readTrajectory(path)!.steps.length;
  assert.ok(before >= 5 && before < 60, `killed too late: ${before} steps`);
  const result = await trainInFile({ ...killableRun(0), path });
  assert.equal(bits(result.point), bits(expected.point));
  assert.equal(bits(result.best!.point), bits(expected.best!.point));
  assert.equal(result.steps.map(untimed), expected.steps.map(untimed));
});

test("a snapshot changes no bit, and a damaged or foreign one is not used", async () => {
  const expected = await train(killableRun(0));
  const path = files.file("snapshot.jsonl");
  await trainInFile({ ...killableRun(0), path, snapshotEvery: 10 });
  const lines = readFileSync(path, "utf8").split("\n");
  const cut = lines.findIndex((line) => line.includes('"step":53,'));
  for (const damage of [false, true]) {
    writeFileSync(path, `${lines.slice(0, cut).join("\n")}\n`);
    if (damage) truncateSync(`${path}.snapshot`, 90);
    const result = await trainInFile({ ...killableRun(0), path, snapshotEvery: 10 });
    assert.equal(bits(result.point), bits(expected.point));
    assert.equal(bits(result.best!.point), bits(expected.best!.point));
  }
  rmSync(`${path}.snapshot`);
  assert.not.ok(existsSync(`${path}.part`));
});

test("a stopped run goes on; a finished one is returned without a forward pass", async () => {
  const path = files.file("stopped.jsonl");
  const stop = new AbortController();
  const expected = await train(quadraticRun());
  const halted = await trainInFile({ ...quadraticRun({ signal: stop.signal }), path }, (e) => {
    if (e.kind === "step" && e.record.step === 3) stop.abort();
  });
  assert.is(halted.end.reason, "stopped");
  assert.equal(bits((await trainInFile({ ...quadraticRun(), path })).point), bits(expected.point));
  const objective = objectiveOf<number>(() => {
    throw new Error("not to be called");
  });
  const again = await trainInFile({ ...quadraticRun({ objective }), path });
  assert.is(again.end.reason, "finished");
  assert.equal(bits(again.point), bits(expected.point));
});

test("the trajectory of another model, adapter, data set or setting is refused, naming all that differs", async () => {
  const path = files.file("other.jsonl");
  await trainInFile({ ...quadraticRun(), path });
  const identity = { model: "cubic", adapter: { kind: "lora" }, data: "other", plan: null };
  const settings = settingsOf({ method: mezo({ learningRate: 0.1 }) });
  const other = trainInFile({ ...quadraticRun({ identity, settings }), path });
  await rejectsWith(other, 'identity.model: recorded "quadratic", now "cubic"');
  for (const text of [
    "settings.method.learningRate.value: recorded 0.05, now 0.1",
    'identity.adapter.kind: recorded "none", now "lora"',
    'identity.data: recorded "none", now "other"',
  ])
    await rejectsWith(trainInFile({ ...quadraticRun({ identity, settings }), path }), text);
  const start = new Float32Array(4).fill(0.5);
  await rejectsWith(trainInFile({ ...quadraticRun({ start }), path }), "start.fingerprint: recorded");
  await rejectsWith(trainInFile({ ...logisticRun(), path }), "start.parameters: recorded 4, now 9");
});

test("a file of another format version, or damaged in the middle, is refused with file and line", async () => {
  const path = files.file("version.jsonl");
  await trainInFile({ ...quadraticRun(), path });
  const lines = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, [lines[0].replace('"version":1', '"version":2'), ...lines.slice(1)].join("\n"));
  throwsWith(() => readTrajectory(path), "version.jsonl:1: version: expected 1, got 2");
  writeFileSync(path, [lines[0], "{oops", ...lines.slice(2)].join("\n"));
  throwsWith(() => readTrajectory(path), "version.jsonl:2: expected one JSON value on the line");
  writeFileSync(path, [lines[0], ...lines.slice(3)].join("\n"));
  throwsWith(() => readTrajectory(path), "version.jsonl:2: step: expected step 1, got 2");
  writeFileSync(path, '{"some":"other file"}\n');
  throwsWith(() => readTrajectory(path), 'version.jsonl:1: kind: expected "header"');
});

test("a disk that fills up stops the run, keeps what was written whole, and the run resumes to the same bits", async () => {
  const expected = await train(quadraticRun());
  const path = files.file("full.jsonl");
  let room = 1500;
  const full = await trainInFile({
    ...quadraticRun(),
    path,
    open: (file, keepBytes) => openLineFile(file, { keepBytes, write: (to, bytes) => limited(to, bytes) }),
  });
  function limited(to: number, bytes: Uint8Array): number {
    const taken = writeSomeBytes(to, bytes, room);
    room -= taken;
    if (taken > 0) return taken;
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  }
  assert.is(full.end.reason, "not-recorded");
  assert.match(full.message, "the disk is full: make room and resume");
  assert.is(readTrajectory(path)!.recovered, null); // the half-written line was taken back
  assert.ok(full.steps.length > 1 && full.steps.length < 6);
  assert.equal(bits((await trainInFile({ ...quadraticRun(), path })).point), bits(expected.point));
});

test("a device that is always full stops the run at once", async () => {
  if (!existsSync("/dev/full")) return;
  const run = await trainInFile({
    ...quadraticRun(),
    path: files.file("unused.jsonl"),
    open: () => openLineFile("/dev/full"),
  });
  assert.is(run.end.reason, "not-recorded");
  assert.match(run.message, "ENOSPC");
  assert.is(run.steps.length, 0);
});

function bits(point: Float32Array): readonly number[] {
  return [...new Uint32Array(point.buffer, point.byteOffset, point.length)];
}

function untimed<T extends { readonly elapsedMs: number }>(record: T): T {
  return { ...record, elapsedMs: 0 };
}

function writeSomeBytes(file: number, bytes: Uint8Array, room: number): number {
  return room <= 0 ? 0 : writeSync(file, bytes.subarray(0, Math.min(bytes.length, room)));
}

/** Runs the killable run in its own process and kills it, with no chance to clean up, when it has told that many steps. */
async function killedAfter(path: string, steps: number): Promise<void> {
  const child = spawn(process.execPath, ["--import", "tsx", "test/support/killed-run.ts", path, "5"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = new Promise((resolve) => child.on("exit", resolve));
  let told = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    told += text.split("\n").length - 1;
    if (told >= steps) child.kill("SIGKILL");
  });
  await gone;
  assert.is(child.signalCode, "SIGKILL");
}

test.run();
