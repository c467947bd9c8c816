import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkOf, splitCheck, withCheck, wrongCheck } from "../../src/train/checksum";
import { replay } from "../../src/train/replay";
import { readSnapshot } from "../../src/train/snapshot";
import { trainInFile } from "../../src/train/train-in-file";
import { readTrajectory } from "../../src/train/trajectory";
import { quadraticRun } from "../support/analytic-runs";
import { killableRun } from "../support/killable-run";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("train/checksum");
const files = scratch();
test.after(() => files.remove());

const linesOf = (path: string): readonly string[] => readFileSync(path, "utf8").trimEnd().split("\n");
const write = (path: string, lines: readonly string[]): void => writeFileSync(path, `${lines.join("\n")}\n`);
const unchecked = (lines: readonly string[]): readonly string[] => lines.map((line) => splitCheck(line).body);

/** A finished run's file. */
async function finished(name: string): Promise<string> {
  const path = files.file(name);
  await trainInFile({ ...quadraticRun(), path });
  return path;
}

test("the worked line: CRC-32 of what stands before the checksum, and of all lines before it", () => {
  assert.is(withCheck('{"a":1}'), '{"a":1,"check":"561bacaf"}'); // zlib.crc32(b'{"a":1}')
  assert.is(checkOf('{"a":1}'), "561bacaf");
  assert.is(checkOf(""), "00000000"); // with its leading zeros
  const second = withCheck('{"a":2}', 0x561bacaf);
  assert.is(wrongCheck(splitCheck(second), 0x561bacaf), null);
  assert.is.not(wrongCheck(splitCheck(second)), null);
  assert.equal(splitCheck('{"a":1}'), { body: '{"a":1}', check: null });
  assert.is(wrongCheck({ body: "{}", check: null }), null);
});

test("any digit that is changed is found, and its line named", async () => {
  const path = await finished("digits.jsonl");
  const lines = linesOf(path);
  let changed = 0;
  for (const [at, line] of lines.entries())
    for (const { index = 0 } of [...line.matchAll(/\d/g)].filter((_, i) => i % 3 === 0)) {
      const digit = String((Number(line[index]) + 1) % 10);
      write(path, spliced(lines, at, 1, `${line.slice(0, index)}${digit}${line.slice(index + 1)}`));
      throwsWith(() => readTrajectory(path), `digits.jsonl:${at + 1}: `);
      changed++;
    }
  assert.ok(changed > 200, `${changed} digits`);
});

test("a line that was removed, repeated or moved is found where it was; one at the end is as if it had never been written", async () => {
  const path = await finished("moved.jsonl");
  const lines = linesOf(path);
  const evaluation = lines.findIndex((line, i) => i > 2 && line.includes('"evaluation"'));
  const refused = (changed: readonly string[], at: number): void => {
    write(path, changed);
    throwsWith(() => readTrajectory(path), `moved.jsonl:${at + 1}: checksum: expected`);
  };
  refused(spliced(lines, evaluation, 1), evaluation);
  refused(spliced(lines, evaluation, 0, lines[evaluation]!), evaluation + 1);
  refused(spliced(lines, evaluation, 2, lines[evaluation + 1]!, lines[evaluation]!), evaluation);
  refused(spliced(lines, evaluation, 1, splitCheck(lines[evaluation]!).body), evaluation);
  for (let kept = 1; kept <= lines.length; kept++) {
    write(path, lines.slice(0, kept));
    assert.is(readTrajectory(path)!.unchecked, null);
  }
});

test("a changed digit is not replayed to other weights", async () => {
  const path = files.file("replay.jsonl");
  const options = killableRun(0);
  const run = await trainInFile({ ...options, path });
  assert.equal(replay(readTrajectory(path)!, options.start, options.layout), run.point);
  const third = /("projectedGradients":\[-?\d+\.\d\d)(\d)/;
  const other = (_: string, from: string, digit: string) => `${from}${(Number(digit) + 5) % 10}`;
  writeFileSync(path, readFileSync(path, "utf8").replace(third, other));
  throwsWith(() => readTrajectory(path), "replay.jsonl:3: checksum: expected");
});

test("a file of an earlier version is read and said to be unchecked; what is added to it is checked, with all before it", async () => {
  const expected = await finished("expected.jsonl");
  const path = files.file("earlier.jsonl");
  const lines = linesOf(expected);
  const begun = lines.findIndex((line) => line.includes('"step":3,'));
  write(path, unchecked(lines.slice(0, begun + 1)));
  assert.match(readTrajectory(path)!.unchecked!, "an earlier version wrote its lines without checksums");
  const warnings: string[] = [];
  await trainInFile({ ...quadraticRun(), path }, (event) => {
    if (event.kind === "warning" && event.about === "unchecked") warnings.push(event.message);
  });
  assert.is(warnings.length, 1);
  const now = linesOf(path);
  assert.equal(unchecked(now).map(untimed), unchecked(lines).map(untimed));
  assert.match(readTrajectory(path)!.unchecked!, `wrote lines 1 to ${begun + 1} without`);
  // from where the checksums begin, a change of an old line is found too
  write(
    path,
    spliced(
      now,
      2,
      1,
      now[2]!.replace(/(\d)(?=[^\d]*$)/, (digit) => String((Number(digit) + 1) % 10)),
    ),
  );
  throwsWith(() => readTrajectory(path), `earlier.jsonl:${begun + 2}: checksum: expected`);
  write(path, unchecked(lines));
  assert.is(readTrajectory(path)!.end!.reason, "finished");
});

test("a half-written last line is dropped as before, and the chain goes on", async () => {
  const path = await finished("half.jsonl");
  const lines = linesOf(path);
  write(path, lines.slice(0, 6));
  appendFileSync(path, lines[6]!.slice(0, -9));
  assert.match(readTrajectory(path)!.recovered!, "half.jsonl:7: a half-written last line");
  await trainInFile({ ...quadraticRun(), path });
  assert.equal([readTrajectory(path)!.unchecked, readTrajectory(path)!.end!.reason], [null, "finished"]);
});

test("a snapshot whose first line was changed is not used", async () => {
  const path = files.file("snapshot.jsonl");
  await trainInFile({ ...killableRun(0), path, snapshotEvery: 7 });
  const { header, steps } = readTrajectory(path)!;
  const snapshot = `${path}.snapshot`;
  assert.is(readSnapshot(snapshot, header, steps.length)!.last.step, 60); // one more at the end
  const bytes = readFileSync(snapshot);
  const head = bytes.subarray(0, bytes.indexOf(10)).toString();
  const rest = bytes.subarray(bytes.indexOf(10));
  for (const changed of [head.replace('"step":60', '"step":50'), head.replace(/"best":\d+/, '"best":10')]) {
    assert.is.not(changed, head);
    writeFileSync(snapshot, Buffer.concat([Buffer.from(changed), rest]));
    assert.is(readSnapshot(snapshot, header, steps.length), null);
  }
  writeFileSync(snapshot, Buffer.concat([Buffer.from(splitCheck(head).body), rest])); // of an earlier version
  assert.is(readSnapshot(snapshot, header, steps.length)!.last.step, 60);
});

function spliced(
  lines: readonly string[],
  at: number,
  removed: number,
  ...added: readonly string[]
): readonly string[] {
  return [...lines.slice(0, at), ...added, ...lines.slice(at + removed)];
}

function untimed(line: string): string {
  return line.replace(/"elapsedMs":[\d.e-]+/, "");
}

test.run();
