import { readFileSync, readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { tensorboardLog } from "../../src/notebook/tensorboard-log";
import { trainInFile } from "../../src/train/train-in-file";
import { logisticRun, settingsOf } from "../support/analytic-runs";
import { scratch } from "../support/scratch";

const test = suite("notebook/tensorboard-log");
const files = scratch();
test.after(() => files.remove());

/** The data of a TFRecord file's records. */
function recordsOf(path: string): readonly Buffer[] {
  const bytes = readFileSync(path);
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    found.push(bytes.subarray(at + 12, at + 12 + length));
    at += 16 + length;
  }
  return found;
}

const settings = settingsOf({ budget: { kind: "steps", steps: 12 }, evaluateEvery: 4, averageLast: 2 });

test("every step and evaluation of a run is there once, also when it was stopped and went on", async () => {
  const stop = new AbortController();
  const lines: string[] = [];
  for (const signal of [stop.signal, undefined]) {
    const log = tensorboardLog(files.file("logs"), "My run", (line) => void lines.push(line));
    await trainInFile(
      { ...logisticRun({ settings }), path: files.file("run.jsonl"), signal, patience: Infinity },
      (event) => {
        log.hear(event);
        if (event.kind === "step" && event.record.step === 5) stop.abort();
      },
    );
    log.close();
  }
  const [folder, ...others] = readdirSync(files.file("logs"));
  assert.equal(others, []);
  assert.match(folder!, /^my-run-[0-9a-f]{8}$/);
  const [file] = readdirSync(files.file(`logs/${folder}`));
  const records = recordsOf(files.file(`logs/${folder}/${file}`)).map((record) => record.toString("latin1"));
  assert.is(records.length, 1 + 12 + 4 + 1); // the version, the steps, the evaluations, the mean
  const withTag = (tag: string) => records.filter((record) => record.includes(tag)).length;
  for (const tag of ["train/loss", "train/queries", "train/forward passes", "train/weight norm"])
    assert.is(withTag(tag), 12);
  assert.equal([withTag("dev/loss"), withTag("dev/accuracy"), withTag("dev of the mean point/loss")], [4, 4, 1]);
  assert.equal(lines, []);
});

test("a folder that cannot be written to is told once, and the run goes on", async () => {
  const lines: string[] = [];
  const log = tensorboardLog(files.file("a-file", "x"), "mine", (line) => void lines.push(line));
  const { end } = await trainInFile({ ...logisticRun({ settings }), path: files.file("other.jsonl") }, log.hear);
  log.close();
  assert.is(end.reason, "finished");
  assert.is(lines.length, 1);
  assert.match(lines[0]!, /^nothing more is written for TensorBoard: /);
});

test.run();
