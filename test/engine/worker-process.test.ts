import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { WorkerProcess } from "../../src/engine/worker-process";
import { runs } from "../support/processes";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";

const test = suite("engine/worker-process");
const files = scratch();
test.after(() => files.remove());

/** Answers with what it was sent, with its own number and a variable; waits, and breaks down, where it is asked to. */
const script = files.file("worker.cjs");
writeFileSync(
  script,
  `const { endpoint, serveRequests } = require(${JSON.stringify(path.resolve("src/engine/work.cjs"))});
const { port, state } = endpoint();
serveRequests(port, state, async ({ milliseconds = 0, breaks = null, ...more }) => {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
  if (breaks === "signal") { process.stderr.write("no such device\\n", () => process.kill(process.pid, "SIGABRT")); await new Promise(() => {}); }
  if (breaks === "error") throw new Error("not like this");
  return { reply: { ...more, pid: process.pid, said: process.env.SAID } };
}, () => undefined);`,
);
const open = () => new WorkerProcess(script, "engine", { SAID: "hello" });

interface Answer {
  readonly data: Float32Array;
  readonly pid: number;
  readonly said: string;
}

test("requests are answered in a process of its own, with the variables that it was given and the numbers that it was sent", async () => {
  const worker = open();
  const all = Float32Array.of(1, 2.5, NaN, -Infinity, 9);
  const { data, pid, said } = await worker.request<Answer>({ data: all.subarray(1, 4) });
  assert.equal([...data], [2.5, NaN, -Infinity]);
  assert.is(said, "hello");
  assert.is.not(pid, process.pid);
  await rejectsWith(worker.request({ breaks: "error" }), "engine: not like this");
  assert.not(worker.hasEnded());
  await worker.end();
  assert.ok(worker.hasEnded());
});

test("what cannot be sent is an error of its request alone", async () => {
  const worker = open();
  const message = await worker.request({ data: () => 1 }).catch((error: Error) => error.message);
  assert.match(String(message), "could not be cloned");
  assert.is((await worker.request<Answer>({})).said, "hello");
  await worker.end();
});

test("who waits is told at once that the model was closed; the process ends after what it had begun", async () => {
  const worker = open();
  await worker.request({});
  const started = performance.now();
  let isOver = false;
  const answer = worker.request({ milliseconds: 300 });
  const ended = worker.end().then(() => (isOver = true));
  await rejectsWith(answer, "the model was closed");
  assert.not(isOver);
  await ended;
  assert.ok(performance.now() - started >= 300);
  await rejectsWith(worker.request({}), "the model was closed");
  await worker.end();
});

test("a process that breaks down takes nobody along: who waits hears its last words", async () => {
  const worker = open();
  const answers = [worker.request({ breaks: "signal" }), worker.request({})];
  for (const answer of answers)
    await rejectsWith(
      answer,
      "engine: the process that computed has ended (SIGABRT): no such device; open the model again",
    );
  assert.ok(worker.hasEnded());
  await rejectsWith(worker.request({}), "has ended (SIGABRT)");
  await worker.end();
});

test("a script that is not there leaves nobody waiting", async () => {
  const worker = new WorkerProcess(files.file("missing.cjs"), "engine", {});
  await rejectsWith(worker.request({}), "engine: the process that computed has ended (status 1)");
  await worker.end();
});

test("an idle one keeps no process alive, and ends with it", async () => {
  const code = `
    import { WorkerProcess } from "./src/engine/worker-process";
    const { pid } = await new WorkerProcess(${JSON.stringify(script)}, "engine", {}).request({});
    console.log(pid);`;
  const file = files.file("idle.mts");
  writeFileSync(file, code.replaceAll('"./', `"${process.cwd()}/`));
  const { stdout, status } = spawnSync(process.execPath, ["--import", "tsx", file], {
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.is(status, 0);
  assert.ok(Number(stdout) > 0);
  while (runs(Number(stdout))) await setTimeout(20);
});

test.run();
