import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { claimTrajectory } from "../../src/train/claim";
import { train } from "../../src/train/train";
import { trainEventsInFile, trainInFile } from "../../src/train/train-in-file";
import { readTrajectory } from "../../src/train/trajectory";
import { claimOrWatch } from "../../src/train/watch";
import { quadraticRun } from "../support/analytic-runs";
import { killableRun } from "../support/killable-run";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";

const test = suite("train/claim");
const files = scratch();
test.after(() => files.remove());

const never = new AbortController().signal;

test("a trajectory has one writer at a time; the other one is told who, and writes nothing", async () => {
  const path = files.file("one.jsonl");
  const first = trainInFile({ ...killableRun(2), path });
  await rejectsWith(
    trainInFile({ ...killableRun(0), path }),
    `got process ${process.pid} on this computer (this very one`,
  );
  const expected = await train(killableRun(0));
  assert.equal((await first).point, expected.point);
  assert.is(readTrajectory(path)!.steps.length, 60);
  assert.not.ok(existsSync(`${path}.writer.lock`));
});

test("the claim is given back when the run fails, and when its events are left early", async () => {
  const path = files.file("back.jsonl");
  const evaluate = async () => {
    throw new Error("no dev texts");
  };
  await rejectsWith(trainInFile({ ...quadraticRun({ evaluate }), path }), "no dev texts");
  for await (const event of trainEventsInFile({ ...quadraticRun(), path })) if (event.kind === "step") break;
  assert.is((await trainInFile({ ...quadraticRun(), path })).end.reason, "finished");
});

test("who lost the claim ends with its steps kept, and writes no more into the other's run", async () => {
  const path = files.file("lost.jsonl");
  let other: ReturnType<typeof claimTrajectory> | null = null;
  const run = await trainInFile({ ...killableRun(0), path, snapshotEvery: 1 }, (event) => {
    if (event.kind !== "step" || event.record.step !== 20) return;
    const before = new Date(Date.now() - 60_000); // as if the cell had been ended in the middle
    utimesSync(`${path}.writer.lock`, before, before);
    other = claimTrajectory(path);
    writeFileSync(`${path}.snapshot`, "the other's");
  });
  assert.is(run.end.reason, "not-recorded");
  assert.match(run.message, "expected to be the only one who writes it");
  assert.is(readTrajectory(path)!.steps.length, 20);
  assert.is(readFileSync(`${path}.snapshot`, "utf8"), "the other's");
  (other as ReturnType<typeof claimTrajectory> | null)?.release();
});

test("a second process reads along, and takes over when the first is killed, to the same bits", async () => {
  const path = files.file("watched.jsonl");
  const child = spawn(process.execPath, ["--import", "tsx", "test/support/killed-run.ts", path, "20"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const told: string[] = [];
  const seen: number[] = [];
  const { claim, before } = await claimOrWatch(path, {
    signal: never,
    everyMs: 20,
    onHeld: ({ who, same }) => told.push(`${who} ${same}`),
    onSeen({ steps }) {
      seen.push(steps.length);
      if (steps.length > 12) child.kill("SIGKILL");
    },
  });
  assert.equal(
    [told, before!.who],
    [[`process ${child.pid} on this computer false`], `process ${child.pid} on this computer`],
  );
  assert.ok(seen.length > 1 && seen.every((steps, i) => i === 0 || steps >= seen[i - 1]!), seen.join());
  assert.ok(readTrajectory(path)!.steps.length < 60, "killed too late");
  const run = await trainInFile({ ...killableRun(0), path, claim: claim! });
  assert.equal(run.point, (await train(killableRun(0))).point);
  claim!.release();
  assert.equal(
    readdirSync(dirname(path)).filter((name) => name.startsWith("watched.jsonl.") && !name.endsWith(".snapshot")),
    [],
  );
});

test("the watching ends when its signal says so, and does not disturb the other", async () => {
  const path = files.file("left.jsonl");
  const stop = new AbortController();
  const first = trainInFile({ ...killableRun(2), path });
  const watched = claimOrWatch(path, {
    signal: stop.signal,
    everyMs: 5,
    onHeld: () => stop.abort(),
    onSeen: () => undefined,
  });
  assert.is((await watched).claim, null);
  assert.is((await first).end.reason, "finished");
});

test.run();
