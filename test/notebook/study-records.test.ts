import { writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cellsOf } from "../../src/experiment/cells";
import { divergenceGrid } from "../../src/experiment/divergence";
import { recordKey } from "../../src/experiment/record-key";
import { studyRecords } from "../../src/notebook/study-records";
import { asCell } from "../support/shown";
import { scratch } from "../support/scratch";
import { studyRecord } from "../support/study-record";
import { throwsWith } from "../support/throws";

const test = suite("notebook/study-records");
const files = scratch();
test.after(() => files.remove());
const folder = files.file("").replace(/\/$/, "");
const path = files.file("divergence-minilm-trec.jsonl");
const write = (...records: readonly object[]) =>
  writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(""));

test("two runs of half an hour are said to be 2 runs and 1.0 hours, with the command that makes them", async () => {
  write(
    studyRecord("adazeta", { seed: 1, commit: "aaaaaaa" }),
    studyRecord("mezo-lora", { endedAt: "2026-02-03T00:00:00.000Z" }),
  );
  const { value, lines } = await asCell(() => studyRecords("minilm-trec", folder));
  assert.is(value.records.length, 2);
  assert.equal(lines, [
    "from the record of 2 runs, 1.0 hours of one thread on a machine; made by `npm run experiment -- divergence-minilm-trec`",
  ]);
  assert.equal(value.origin, {
    kind: "measured",
    date: "2026-02-03",
    model: "all-MiniLM-L6-v2",
    data: "TREC, 128 texts",
    seeds: [0, 1],
    commit: "aaaaaaa/0123abc",
    remark: null,
  });
});

test("a half-written last record is left out, and that is said", async () => {
  write(studyRecord("adazeta"));
  writeFileSync(path, '{"format":"adazeta-rec', { flag: "a" });
  const { value, lines } = await asCell(() => studyRecords("minilm-trec", folder));
  assert.is(value.records.length, 1);
  assert.match(lines[0], "divergence-minilm-trec.jsonl:2: a half-written last line");
});

test("the committed records are those of the grids, every run once: the command finds nothing left to do", async () => {
  for (const [name, count] of [
    ["minilm-trec", 175],
    ["smollm2-sst2", 21],
  ] as const) {
    const { value } = await asCell(() => studyRecords(name));
    const keys = cellsOf(divergenceGrid(name)).map(({ key }) => key);
    assert.is(value.records.length, count);
    assert.equal(value.records.map(({ key }) => key).sort(), keys.sort());
    for (const { settings, key } of value.records) assert.is(recordKey(settings), key);
  }
});

test("no file and no records are errors that name the command; foreign lines are named and passed over", async () => {
  const command = "npm run experiment -- divergence-smollm2-sst2";
  throwsWith(() => studyRecords("smollm2-sst2", folder), `got no such file; \`${command}\` makes it`);
  writeFileSync(files.file("divergence-smollm2-sst2.jsonl"), "");
  throwsWith(
    () => studyRecords("smollm2-sst2", folder),
    `expected records, got an empty file; \`${command}\` makes them`,
  );
  write(studyRecord("adazeta"), { format: "something else" });
  const { value, lines } = await asCell(() => studyRecords("minilm-trec", folder));
  assert.is(value.records.length, 1);
  assert.match(lines[0]!, 'jsonl:2: damaged, passed over: format: expected "adazeta-record", got "something else"');
});

test.run();
