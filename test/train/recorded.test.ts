import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isReplayable } from "../../src/optimizer/method";
import { fingerprintPoint } from "../../src/train/fingerprint";
import { resume } from "../../src/train/past";
import { replay } from "../../src/train/replay";
import { train } from "../../src/train/train";
import { readTrajectory } from "../../src/train/trajectory";
import { recordedMethods, recordedRun } from "../support/recorded-runs";

const test = suite("train/recorded");
const folder = "test/fixtures/trajectories";
/** Fingerprint of each run's last point. */
const ends = JSON.parse(readFileSync(`${folder}/ends.json`, "utf8")) as Readonly<Record<string, string>>;

for (const [name, method] of Object.entries(recordedMethods)) {
  test(`${name}: a run has the bits of the one recorded before methods became open, and so has its replay or snapshot`, async () => {
    const path = `${folder}/${name}.jsonl`;
    const recorded = readTrajectory(path)!;
    const run = recordedRun(method);
    const now = await train(run);
    assert.equal(now.steps, recorded.steps);
    assert.equal(now.evaluations, recorded.evaluations);
    assert.is(fingerprintPoint(now.point), ends[name]);
    const again = isReplayable(recorded.header.settings.method)
      ? replay(recorded, run.start, run.layout)
      : (await resume(path, recorded, run)).past?.point;
    assert.is(again && fingerprintPoint(again), ends[name]);
  });
}

test.run();
