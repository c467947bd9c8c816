import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { crc32c, openEventFile, tfRecord } from "../../src/export/event-file";
import type { ScalarEvent } from "../../src/export/event-file";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { throwsWith } from "../support/throws";

const test = suite("export/event-file");
const files = scratch();
test.after(() => files.remove());

const python = process.env["ADAZETA_TENSORBOARD_PYTHON"] ?? ".cache/tensorboard/bin/python";
const judged = skipUnless(existsSync(python), "TensorBoard is not installed (.ci/run installs it)");

test("checksums are those of the standard's examples", () => {
  assert.is(crc32c(Buffer.from("123456789")), 0xe3069283);
  // RFC 3720, B.4
  assert.is(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  assert.is(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
  assert.is(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i))), 0x46dd794e);
  assert.is(crc32c(new Uint8Array(0)), 0);
});

test("a record has its length, the data, and a checksum of each", () => {
  const record = tfRecord(Buffer.from("abc"));
  assert.is(record.length, 8 + 4 + 3 + 4);
  assert.is(record.readBigUInt64LE(0), 3n);
  assert.is(record.toString("latin1", 12, 15), "abc");
});

test("a folder that takes no files is told", () => {
  throwsWith(() => openEventFile(`${files.file("a-file", "x")}/within`, 0), /ENOTDIR|EEXIST/);
});

const events: readonly ScalarEvent[] = [
  { wallTime: 1.5, step: 0, scalars: { "dev/loss": 0.5, "dev/accuracy": 0 } },
  { wallTime: 1_795_000_000.25, step: 1, scalars: { "train/loss": 1.25, "train/weight norm": 1e30 } },
  { wallTime: 2, step: 300, scalars: { "train/loss": -1 / 3, "zwölf ✓": 7 } },
  { wallTime: 3, step: 2 ** 40, scalars: { "dev/loss": Infinity } },
  { wallTime: 4, step: 2 ** 40 + 1, scalars: { "dev/loss": NaN } },
];

const SCRIPT = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
seen = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
seen.Reload()
print(json.dumps({tag: [[e.wall_time, e.step, repr(e.value)] for e in seen.Scalars(tag)] for tag in seen.Tags()["scalars"]}))
`;

judged(test, "TensorBoard reads every number at its step, and nothing twice when the file is written anew", () => {
  for (const times of [1, 2]) {
    const file = openEventFile(files.file("log"), 1);
    for (const event of events) file.append([event]);
    file.append([]);
    file.close();
    const out = execFileSync(python, ["-c", SCRIPT, files.file("log")], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const seen = JSON.parse(out) as Readonly<Record<string, readonly (readonly [number, number, string])[]>>;
    for (const tag of new Set(events.flatMap(({ scalars }) => Object.keys(scalars)))) {
      const expected = events.filter(({ scalars }) => tag in scalars);
      assert.equal(
        seen[tag]!.map(([wallTime, step]) => [wallTime, step]),
        expected.map(({ wallTime, step }) => [wallTime, step]),
        `${tag}, ${times}`,
      );
      const values = seen[tag]!.map(([, , value]) => Number(value.replace("inf", "Infinity")));
      assert.equal(
        values,
        expected.map(({ scalars }) => Math.fround(scalars[tag]!)),
      );
    }
  }
  assert.ok(readFileSync(`${files.file("log")}/events.out.tfevents.0000000000.adazeta`).length > 0);
});

test.run();
