import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { arm } from "../../src/experiment/arms";
import type { Problem } from "../../src/experiment/problem";
import { keptRuns } from "../../src/notebook/kept-runs";
import { runLive } from "../../src/notebook/live-runs";
import type { LiveOptions, LiveRun } from "../../src/notebook/live-runs";
import { checksum, splitCheck, withCheck } from "../../src/train/checksum";
import { fingerprintPoint } from "../../src/train/fingerprint";
import { listRuns } from "../../src/train/runs";
import { readTrajectory } from "../../src/train/trajectory";
import { sleep } from "../support/kernel-runs";
import { scratch } from "../support/scratch";
import { asCell, closeSessions } from "../support/shown";
import type { Shown } from "../support/shown";
import { rejectsWith } from "../support/throws";
import { slowed, tinyProblem, tinySettings } from "../support/tiny-problem";

const test = suite("notebook/live-claims");
const files = scratch();
const forty = arm("AdaZeta", tinySettings("bert", { steps: 40 }));
const twelve = [arm("AdaZeta", tinySettings("bert")), arm("MeZO-LoRA", tinySettings("bert"))];
let problem: Problem;
test.before(async () => {
  problem = await tinyProblem("bert");
});
test.after(async () => {
  await closeSessions();
  await files.remove();
});

const live = (store: string, arms = [forty], changes: Partial<LiveOptions> = {}, watch?: (cell: Shown) => void) =>
  asCell((cell) => {
    watch?.(cell);
    return runLive(problem, arms, { seed: 0, evaluateEvery: 4, store: files.file(store), ...changes });
  });
const bits = ({ result }: LiveRun) => fingerprintPoint(result.point);
const pathIn = (store: string) => join(files.file(store), readdirSync(files.file(store))[0]!, "trajectory.jsonl");

/** Another kernel with the same cell, some steps on its way. */
async function elsewhere(store: string, pause: number): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "test/support/live-run.ts", files.file(store), String(pause)],
    {
      stdio: ["pipe", "ignore", "inherit"],
    },
  );
  const folder = files.file(store);
  for (;;) {
    await sleep(20);
    assert.is(child.exitCode, null, "the other process ended too soon");
    const found = existsSync(folder) && readdirSync(folder).length > 0 && existsSync(pathIn(store));
    if (found && (readTrajectory(pathIn(store))?.steps.length ?? 0) > 2) return child;
  }
}

test("a run that another process makes is shown as it goes there, and is from its record when it ends", async () => {
  const alone = await live("alone");
  const child = await elsewhere("two", 150);
  const cell = await live("two");
  assert.match(cell.lines[0]!, `AdaZeta: process ${child.pid} on this computer works on this run since 20`);
  assert.match(cell.lines[1]!, `it was ended there (process ${child.pid} on this computer)`);
  assert.match(cell.lines.at(-1)!, "from the record of adazeta-");
  const shown = cell.outputs
    .map(({ content }) => String(content.data["text/plain"]))
    .filter((text) => text.includes("step "));
  assert.ok(new Set(shown).size > 2, shown.join("\n")); // the bar moved
  assert.equal(cell.value.map(bits), alone.value.map(bits));
  assert.is(readdirSync(files.file("two")).length, 1);
  assert.is(keptRuns({ store: files.file("two") }).length, 1);
});

test("when the other process is killed the cell goes on with its run, to the same bits", async () => {
  const alone = await live("alone");
  const child = await elsewhere("killed", 150);
  const cell = await live("killed", [forty], {}, ({ hear }) => {
    hear.push((text) => (/^AdaZeta: step \d/.test(text) ? child.kill("SIGKILL") : undefined));
  });
  assert.match(cell.lines[1]!, "ended before the run did: it goes on here after step");
  assert.equal(cell.value.map(bits), alone.value.map(bits));
  assert.is(readTrajectory(pathIn("killed"))!.end!.reason, "finished");
});

test("Stop ends the watching alone; Stop there ends the run for both", async () => {
  const child = await elsewhere("stopped", 250);
  const gone = new Promise((resolve) => child.on("exit", resolve));
  // The bar moves once it watches.
  const left = await live("stopped", [forty], {}, ({ hear, stop }) => {
    hear.push((text) => (/^AdaZeta: step \d/.test(text) ? stop() : undefined));
  });
  assert.equal(left.value, []);
  assert.match(left.lines[0]!, "works on this run");
  let told = false;
  const both = live("stopped", [forty], {}, ({ hear }) => {
    hear.push((text) => {
      if (!told && /^AdaZeta: step \d/.test(text)) told = child.stdin!.write("stop\n");
    });
  });
  const { value, lines } = await both;
  await gone;
  assert.is(value[0]!.result.end.reason, "stopped");
  assert.match(lines[1]!, "it was stopped there");
  const { steps } = value[0]!.result;
  assert.ok(steps.length > 2 && steps.length < 40, `${steps.length} steps`);
  assert.is((await live("stopped")).value[0]!.result.end.reason, "finished");
});

test("a second cell of one kernel waits for a run that the first did not wait for", async () => {
  const slow = slowed(problem, 20);
  const cell = await asCell(async () => {
    const options = { seed: 0, evaluateEvery: 4, store: files.file("cells") };
    return Promise.all([runLive(slow, [forty], options), runLive(problem, [forty], options)]);
  });
  const [first, second] = cell.value;
  assert.equal(second.map(bits), first.map(bits));
  assert.match(cell.lines[0]!, "(this very one: another cell) works on this run");
  assert.is(readTrajectory(pathIn("cells"))!.steps.length, 40);
});

test("an arm whose record is damaged is named and passed over, the others go on; recompute makes it in its place", async () => {
  const first = await live("damaged", twelve);
  const path = first.value[0]!.kept.path;
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace(/("loss":\d\.)(\d)/, (_, from, digit) => `${from}${9 - Number(digit)}`),
  );
  const second = await live("damaged", twelve);
  assert.equal(second.value.map(bits), [bits(first.value[1]!)]);
  assert.match(
    second.lines[0]!,
    /^AdaZeta: damaged, passed over: .*trajectory\.jsonl:2: checksum.*recompute: true runs it again/,
  );
  const kept = await asCell(() => keptRuns({ store: files.file("damaged") }));
  assert.equal([kept.value.length, kept.lines.length], [1, 1]);
  assert.match(kept.lines[0]!, /^adazeta-.*: damaged, passed over: .*delete the folder/);
  await rejectsWith(live("damaged", twelve.slice(0, 1)), "AdaZeta: damaged, passed over");
  const again = await live("damaged", twelve, { recompute: true });
  assert.equal(again.value.map(bits), first.value.map(bits));
  assert.equal(
    listRuns(files.file("damaged")).map(({ damaged }) => damaged),
    [null, null],
  );
});

/** The trajectory as if a file of src had been another one when it was made. */
function madeWithOther(path: string, lines: (all: readonly string[]) => readonly string[] = (all) => all): void {
  const all = readFileSync(path, "utf8").trimEnd().split("\n");
  let sum = 0;
  writeFileSync(path, "");
  for (const line of lines(all)) {
    const changed = splitCheck(line).body.replace(/("src\/schedule\/power-law\.ts":")[^"]+/, "$1another");
    const text = `${withCheck(changed, sum)}\n`;
    appendFileSync(path, text);
    sum = checksum(text, sum);
  }
}

const NAMED = "made with other source: since then src/schedule/power-law.ts changed";

test("a finished run of other source is shown from its record with the names of the files", async () => {
  const first = await live("other", twelve);
  madeWithOther(first.value[0]!.kept.path);
  const second = await live("other", twelve);
  assert.equal(second.value.map(bits), first.value.map(bits));
  assert.equal(
    second.lines.filter((line) => line.includes("source")),
    [`AdaZeta: ${NAMED}`],
  );
});

test("a begun run of other source is shown and not continued unasked", async () => {
  const first = await live("begun", twelve);
  const path = first.value[0]!.kept.path;
  madeWithOther(path, (all) => all.slice(0, 9));
  const before = readFileSync(path, "utf8");
  const second = await live("begun", twelve);
  assert.equal(second.value.map(bits), [bits(first.value[1]!)]);
  assert.match(second.lines[0]!, `AdaZeta: ${NAMED}; it is shown as it is and not continued`);
  assert.is(readFileSync(path, "utf8"), before);
  assert.match(second.outputs.map(({ content }) => JSON.stringify(content.data)).join(), "AdaZeta");
  const asked = await live("begun", twelve, { continueChanged: true });
  assert.equal(asked.value.map(bits), first.value.map(bits)); // the file is not really another one
  assert.match(readFileSync(path, "utf8"), '"kind":"sources"');
  assert.is((await live("begun", twelve)).lines.filter((line) => line.includes("source")).length, 0);
});

test.run();
