import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { signalIfThere } from "../../src/disk/signal";
import { localWorkers } from "../../src/cluster/local-workers";
import { rayWorkers } from "../../src/cluster/ray-workers";
import { readRunReply } from "../../src/cluster/run-messages";
import { smallCluster } from "../../src/cluster/small-cluster";
import { openRunMakers } from "../../src/cluster/spread-grid";
import type { OpenTransport } from "../../src/cluster/transport";
import { describeCell } from "../../src/experiment/run-grid";
import { openStore, readRecords } from "../../src/experiment/store";
import { withCheck } from "../../src/train/checksum";
import { cells, runSmallGrid } from "../support/analytic-grid";
import { watched } from "../support/cluster";
import type { TestMaker } from "../support/analytic-maker";
import { gridByWorkers, makerCommand, recordsOf } from "../support/made-by-workers";
import { rayPythonHere, withRay } from "../support/ray";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";

const test = suite("cluster/spread-grid");
const files = scratch();
test.after(() => files.remove());
const whole = files.file("whole");
test.before(async () => void (await runSmallGrid(whole)));

const local = (of: TestMaker, count = 2): OpenTransport =>
  localWorkers({ count, command: makerCommand(of), restartMs: 20 });

const partials = (folder: string): readonly string[] =>
  existsSync(`${folder}/partial`) ? readdirSync(`${folder}/partial`).filter((name) => name.endsWith(".jsonl")) : [];

/** Steps of each trajectory in the folder. */
const allSteps = (folder: string): readonly number[] =>
  partials(folder).map((name) => readFileSync(`${folder}/partial/${name}`, "utf8").split("\n").length - 2);

/** Steps of the longest trajectory in the folder; 0 without one. */
const stepsIn = (folder: string): number => Math.max(0, ...allSteps(folder));

/** Does something as soon as that many runs in the folder have some steps. */
function onceRunning(folder: string, steps: number, act: () => void, runs = 1): void {
  const timer = setInterval(() => {
    if (allSteps(folder).filter((each) => each >= steps).length < runs) return;
    clearInterval(timer);
    act();
  }, 5);
  timer.unref();
}

test("two processes, one of them killed in mid-run, leave what one process leaves; the run goes on from its trajectory", async () => {
  const folder = files.file("killed");
  const pids: number[] = [];
  const begun: number[] = [];
  onceRunning(folder, 8, () => {
    begun.push(stepsIn(folder));
    signalIfThere(pids[0]!, "SIGKILL");
  });
  const transport = watched(local({ folder, delayMs: 10 }), { onUp: (_, pid) => pids.push(pid) });
  const progress: string[] = [];
  const { result, told } = await gridByWorkers(folder, transport, {
    onProgress: ({ state, done, total, share }) => progress.push(`${state} ${done}/${total} ${share > 0 && share < 1}`),
  });
  assert.equal(result, { recorded: 8, skipped: 0, failed: [], stopped: false });
  assert.equal(recordsOf(folder), recordsOf(whole));
  assert.is(begun.length, 1);
  assert.is(pids.length, 3, "two, and one in the place of the killed one");
  assert.ok(
    told.some((line) => /is given to another worker: worker \d \(process/.test(line)),
    told.join("\n"),
  );
  assert.equal(partials(folder), []);
  assert.ok(progress.some((line) => /^running \d\/8 true$/.test(line)));
  assert.equal(progress.filter((line) => line.startsWith("recorded")).at(-1), "recorded 8/8 false");
  const machines = new Set(readRecords(`${folder}/results/small.jsonl`).records.map(({ machine }) => machine));
  assert.ok(machines.size >= 2 && !machines.has("coordinator"), "each record names the worker's machine");
  // Whoever asks for the grid again, in whichever way, finds nothing left to do.
  assert.equal(await runSmallGrid(folder), { recorded: 0, skipped: 8, failed: [], stopped: false });
});

test("without a shared folder a run begins anew elsewhere, and the records are the same", async () => {
  const folder = files.file("apart");
  const own = files.file("apart-workers");
  const pids: number[] = [];
  onceRunning(own, 8, () => signalIfThere(pids[0]!, "SIGKILL"));
  const transport = watched(local({ folder: own, delayMs: 5 }), { onUp: (_, pid) => pids.push(pid) });
  const { result } = await gridByWorkers(folder, transport);
  assert.is(result.recorded, 8);
  assert.equal(recordsOf(folder), recordsOf(whole));
});

test("a run that kills or fails every worker is named, with why, and the others are made", async () => {
  const folder = files.file("deadly");
  const [dies, fails] = [cells[2]!, cells[5]!];
  const { result } = await gridByWorkers(folder, local({ folder, dies: dies.key, fails: fails.key }));
  const said = Object.fromEntries(result.failed.map(({ what, message }) => [what, message]));
  assert.equal(Object.keys(said).sort(), [describeCell(dies), describeCell(fails)].sort());
  assert.match(said[describeCell(dies)]!, /given to workers 3 times; the last: .*it ended with status 9/);
  assert.match(said[describeCell(fails)]!, /given to workers 3 times; the last: .*: no memory for it/);
  assert.is(result.recorded, 6);
  const names = new Set([dies, fails].map(({ key }) => key));
  assert.equal(
    recordsOf(folder),
    recordsOf(whole).filter((line) => !names.has((JSON.parse(line) as { readonly key: string }).key)),
  );
  // Nobody holds what failed: the next command makes it.
  assert.is((await runSmallGrid(folder)).recorded, 2);
});

test("double, half and changed answers make no record twice, and none that is wrong", async () => {
  const folder = files.file("rubbish");
  let changed = 0;
  const transport = watched(local({ folder }), {
    line: (text) => {
      const reply = readRunReply(text);
      if (reply?.kind !== "ended") return [text, text.slice(0, 20), "{}"];
      if (changed++ > 0) return [text, text, text];
      return [text.replace('\\"seed\\":', '\\"seed\\":1')];
    },
  });
  const { result, told } = await gridByWorkers(folder, transport);
  assert.equal([result.recorded, result.failed], [8, []]);
  assert.match(told.join("\n"), "the record was changed on its way");
  assert.equal(recordsOf(folder), recordsOf(whole));
  assert.is(readFileSync(`${folder}/results/small.jsonl`, "utf8").trim().split("\n").length, 8);
});

test("another run's record is none of the asked one's", async () => {
  const folder = files.file("other");
  const [first] = readRecords(`${whole}/results/small.jsonl`).records;
  const other = { ...first, key: "0000000000000000" };
  const line = withCheck(JSON.stringify(other));
  const transport = watched(local({ folder }, 1), {
    line: (text) => {
      const reply = readRunReply(text);
      return reply?.kind === "ended" ? [text.replace(JSON.stringify(reply.line), JSON.stringify(line))] : [text];
    },
  });
  const { result } = await gridByWorkers(folder, transport, { cells: cells.slice(0, 1) });
  assert.is(result.recorded, 0);
  assert.match(result.failed[0]!.message, "the record: key: expected");
});

test("a worker with other code is refused, and says what differs", async () => {
  const folder = files.file("code");
  const { result, told } = await gridByWorkers(folder, local({ folder, code: "2" }));
  assert.is(result.recorded, 0);
  assert.is(result.failed.length, 8);
  assert.match(result.failed[0]!.message, "every worker was refused");
  assert.match(told[0]!, "is refused, it would make another run: run.code: recorded");
});

test("a stop ends runs after their step; the next grid goes on from there", async () => {
  const folder = files.file("stopped");
  const stop = new AbortController();
  onceRunning(folder, 6, () => stop.abort());
  const states: string[] = [];
  const onProgress = ({ state }: { readonly state: string }): void => void states.push(state);
  const { result } = await gridByWorkers(folder, local({ folder, delayMs: 20 }), { signal: stop.signal, onProgress });
  assert.is(result.stopped, true);
  assert.ok(states.includes("stopped"), states.join());
  const kept = partials(folder);
  assert.ok(kept.length >= 1, "trajectories of runs in progress");
  const before = result.recorded;
  const { result: next } = await gridByWorkers(folder, local({ folder }));
  assert.is(next.recorded, 8 - before);
  assert.equal(recordsOf(folder), recordsOf(whole));
  const aborted = new AbortController();
  aborted.abort();
  const none = await gridByWorkers(files.file("never"), local({ folder }), { signal: aborted.signal });
  assert.equal([none.result.recorded, none.result.stopped], [0, true]);
});

test("a frozen worker is replaced after its limit, and its run given to another", async () => {
  const folder = files.file("frozen");
  const pids: number[] = [];
  onceRunning(folder, 5, () => signalIfThere(pids[0]!, "SIGSTOP"));
  const transport = watched(local({ folder, delayMs: 10 }), { onUp: (_, pid) => pids.push(pid) });
  const { result, told } = await gridByWorkers(folder, transport, {}, { limitMs: 3000 });
  assert.is(result.recorded, 8);
  assert.match(told.join("\n"), "it has not answered in 3 s, and is replaced");
  assert.equal(recordsOf(folder), recordsOf(whole));
});

test("a run that another process makes is left to it", async () => {
  const folder = files.file("claimed");
  const store = openStore({ recordsPath: `${folder}/results/small.jsonl`, partialFolder: `${folder}/partial` });
  const claim = store.claim(cells[3]!.key)!;
  const { result } = await gridByWorkers(folder, local({ folder }));
  claim.release();
  assert.equal([result.recorded, result.skipped, result.failed], [7, 1, []]);
});

test("a program that is no worker is told, and records that cannot be written end the grid", async () => {
  const folder = files.file("nobody");
  const ends = localWorkers({ count: 1, command: [process.execPath, "-e", "process.exit(3)"], restartMs: 1 });
  await rejectsWith(gridByWorkers(folder, ends), "expected a worker, got it ended with status 3");
  const full = files.file("full");
  const store = openStore({ recordsPath: `${full}/results/small.jsonl`, partialFolder: `${full}/partial` });
  const append = () => {
    throw new Error("small.jsonl: no space left");
  };
  await rejectsWith(gridByWorkers(full, local({ folder: full }), { store: { ...store, append } }), "no space left");
});

test("workers are asked anew for each grid, one at a time; that none is there is told", async () => {
  const folder = files.file("grids");
  const told: string[] = [];
  const { clock, tell } = { clock: () => performance.now(), tell: (line: string) => void told.push(line) };
  const makers = openRunMakers({ transport: local({ folder }, 1), tell, clock, watchMs: 40, lonelyMs: 0 });
  const store = openStore({ recordsPath: `${folder}/results/small.jsonl`, partialFolder: `${folder}/partial` });
  const origin = { commit: "0123abc", machine: "coordinator", command: "test" };
  const grid = (code: string, chosen: typeof cells) =>
    makers.make({ cells: chosen, store, origin, orderOf: ({ key }) => ({ key }), fingerprint: async () => ({ code }), date: () => "" }); // prettier-ignore
  try {
    const first = grid("2", cells.slice(0, 2));
    await rejectsWith(grid("1", cells), "workers: expected one grid at a time");
    assert.is((await first).failed.length, 2);
    assert.match(told[0]!, "no worker is there yet");
    assert.is((await grid("1", cells.slice(0, 2))).recorded, 2);
    assert.equal(await grid("1", cells.slice(0, 2)), { recorded: 0, skipped: 2, failed: [], stopped: false });
  } finally {
    await makers.close();
  }
});

withRay(test, "on a Ray of three machines one is killed in mid-run: its run is made elsewhere", async () => {
  const folder = files.file("ray");
  const cluster = await smallCluster([1, 1, 1], rayPythonHere);
  try {
    const kills: Promise<void>[] = [];
    // Each machine has a run in hand, which cannot end before the kill has.
    const until = files.file("ray-killed");
    const kill = () => kills.push(cluster.kill(2).then(() => writeFileSync(until, "")));
    onceRunning(folder, 8, kill, 3);
    const command = makerCommand({ folder, until });
    const transport = rayWorkers({ address: cluster.address, count: 3, cores: 1, command, python: rayPythonHere });
    const { result, told } = await gridByWorkers(folder, transport);
    await Promise.all(kills);
    assert.equal(result, { recorded: 8, skipped: 0, failed: [], stopped: false });
    assert.equal(recordsOf(folder), recordsOf(whole));
    assert.match(told.join("\n"), /is given to another worker: .*its machine or its process ended/);
  } finally {
    await cluster.close();
  }
});

test.run();
