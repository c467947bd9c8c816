import { suite } from "uvu";
import * as assert from "uvu/assert";
import { canonicalJson, differences } from "../../src/train/canonical-json";
import { diverged, divergedRun } from "../../src/train/diverged";
import { fingerprintPoint } from "../../src/train/fingerprint";
import { writeWhole } from "../../src/disk/whole-file";
import { openLineFile, readLines } from "../../src/train/line-file";
import { decodeLine, encodeLine } from "../../src/train/records";
import type { EvaluationRecord, StepRecord } from "../../src/train/records";
import { significant } from "../../src/train/wire";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("train/parts");
const files = scratch();
test.after(() => files.remove());

const evaluations = (...losses: number[]): EvaluationRecord[] =>
  losses.map((loss, i) => ({
    kind: "evaluation",
    step: 20 * i,
    loss,
    accuracy: 0,
    forwardPasses: 40 * i,
    evaluationPasses: i,
    elapsedMs: 0,
  }));

test("a run has diverged at the first evaluation above the lowest so far by more than 0.3 nats", () => {
  // lowest so far 0.5: the limit is 0.8, which is not yet diverged
  assert.is(diverged(evaluations(1, 0.5, 0.8)), null);
  assert.equal(diverged(evaluations(1, 0.5, 0.81, 0.5)), { step: 40, forwardPasses: 80, loss: 0.81, limit: 0.8 });
  assert.is(diverged(evaluations(1, NaN))!.step, 20);
  assert.is(diverged([]), null);
});

test("a run that ended in a constant output or numbers that are not finite has diverged where it ended", () => {
  const end = { kind: "end", step: 30, forwardPasses: 60, elapsedMs: 0 } as const;
  assert.equal(divergedRun({ evaluations: evaluations(1, 0.9), end: { ...end, reason: "constant-output" } }), {
    step: 30,
  });
  assert.is(divergedRun({ evaluations: evaluations(1, 0.9), end: { ...end, reason: "finished" } }), null);
  assert.equal(divergedRun({ evaluations: evaluations(1, 1.4), end: { ...end, reason: "finished" } }), { step: 20 });
});

test("every float64 comes back from a line bit for bit", () => {
  const projectedGradients = [0.1, 1 / 3, -0, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 2 ** 53 + 2];
  const step: StepRecord = {
    kind: "step",
    step: 1,
    epoch: 0,
    queries: 9,
    projectedGradients,
    loss: -0,
    learningRate: 3e-3,
    forwardPasses: 18,
    directionalPasses: 0,
    rmsProjectedGradient: NaN,
    weightNorm: 0.1 + 0.2,
    elapsedMs: 1,
  };
  const back = decodeLine("here", JSON.parse(encodeLine(step))) as StepRecord;
  const same = (a: readonly number[], b: readonly number[]) => a.every((value, i) => Object.is(value, b[i]));
  assert.ok(same(projectedGradients, back.projectedGradients));
  assert.ok(same([-0, NaN, 0.1 + 0.2], [back.loss, back.rmsProjectedGradient, back.weightNorm]));
});

test("a line with a missing or wrong field is refused with its place", () => {
  throwsWith(
    () => decodeLine("a:3", { kind: "evaluation", step: 1, loss: 1 }),
    "a:3: accuracy: expected a value, got undefined",
  );
  throwsWith(
    () => decodeLine("a:3", { kind: "evaluation", step: 1, loss: null, accuracy: 0 }),
    "a:3: loss: expected a number",
  );
  throwsWith(() => decodeLine("a:3", 7), "a:3: expected a line of a trajectory, got 7");
});

test("equal data has equal canonical JSON, whatever the order of keys", () => {
  assert.is(canonicalJson({ b: [1, { d: null, c: 2 }], a: undefined }), '{"b":[1,{"c":2,"d":null}]}');
  throwsWith(() => canonicalJson({ a: [NaN] }), "value.a[0]: expected plain data, got NaN");
  throwsWith(() => canonicalJson({ a: new Float32Array(2) }), "value.a: expected plain data");
});

test("of two long texts the part is shown in which they differ", () => {
  const same = "s".repeat(200);
  const [found] = differences({ a: `${same}1${same}` }, { a: `${same}2` }, "s");
  assert.match(found, /^s\.a: recorded \.\.\.s{20}1s{73}\.\.\., now \.\.\.s{92}2"$/);
});

test("differences name each place once", () => {
  const found = differences({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: 1, c: 3 }, d: [1, 2] }, "s");
  assert.equal(found, ["s.a.c: recorded 2, now 3", "s.d: recorded [1], now [1,2]"]);
  assert.equal(differences({ a: 1, b: undefined }, { a: 1 }, "s"), []);
});

test("a fingerprint changes with a single bit of a point", () => {
  assert.is.not(fingerprintPoint(new Float32Array([0])), fingerprintPoint(new Float32Array([-0])));
  assert.is(fingerprintPoint(new Float32Array([1, 2]).subarray(1)), fingerprintPoint(new Float32Array([2])));
});

test("a half-written last line is dropped and said; the next line starts clean", () => {
  const path = files.file("lines.jsonl", '{"a":1}\n{"a":2}\n{"a":');
  const read = readLines(path);
  assert.equal(
    read.values.map(({ value }) => value),
    [{ a: 1 }, { a: 2 }],
  );
  assert.match(read.recovered!, "lines.jsonl:3: a half-written last line of 5 bytes was dropped");
  const sink = openLineFile(path, { keepBytes: read.goodBytes, sync: true });
  sink.append('{"a":3}');
  sink.close();
  assert.equal(
    readLines(path).values.map(({ line }) => line),
    [1, 2, 3],
  );
});

test("a file is replaced whole or not at all", () => {
  const path = files.file("whole.json", "old");
  writeWhole(path, "new");
  throwsWith(() => writeWhole(files.file("whole.json/x"), "new"), "");
  assert.is(significant(1234567.891, 6), 1234570);
});

test.run();
