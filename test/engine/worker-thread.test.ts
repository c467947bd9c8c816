import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { WorkerThread } from "../../src/engine/worker-thread";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";

const test = suite("engine/worker-thread");
const files = scratch();
test.after(() => files.remove());

/** Answers after a computation that blocks the thread, and says so in shared memory. */
const script = files.file("worker.cjs");
writeFileSync(
  script,
  `const { parentPort } = require("node:worker_threads");
parentPort.on("message", ({ id, milliseconds, done }) => {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
  Atomics.add(done, 0, 1);
  parentPort.postMessage({ id });
});`,
);
const flag = () => new Int32Array(new SharedArrayBuffer(4));

test("requests are answered", async () => {
  const worker = new WorkerThread(script, "worker");
  const done = flag();
  await Promise.all([0, 1].map(() => worker.request({ milliseconds: 1, done })));
  assert.is(done[0], 2);
  await worker.end();
});

test("who waits is told at once that the model was closed; the thread ends after what it had begun", async () => {
  const worker = new WorkerThread(script, "worker");
  const done = flag();
  const answer = worker.request({ milliseconds: 200, done });
  const ended = worker.end();
  await rejectsWith(answer, "the model was closed");
  assert.is(done[0], 0);
  await ended;
  assert.is(done[0], 1);
  await rejectsWith(worker.request({ milliseconds: 1, done }), "the model was closed");
});

test("a thread that ends by itself leaves nobody waiting", async () => {
  const broken = files.file("broken.cjs");
  writeFileSync(broken, "throw new Error('no engine here');");
  const worker = new WorkerThread(broken, "worker");
  await rejectsWith(worker.request({}), "no engine here");
  await worker.end();
});

test("a thread is asked to end, and closes what it holds", async () => {
  const closing = files.file("closing.cjs");
  const work = JSON.stringify(path.resolve("src/engine/work.cjs"));
  writeFileSync(
    closing,
    `const { parentPort, workerData } = require("node:worker_threads");
let closed;
require(${work}).serveRequests(parentPort, workerData.state, async ({ done }) => ((closed = done), { reply: {} }), () => void Atomics.add(closed, 0, 1));`,
  );
  const worker = new WorkerThread(closing, "worker");
  const done = flag();
  await worker.request({ done });
  await worker.end();
  assert.is(done[0], 1);
});

/** The status of a process that ends by `process.exit(3)` in the second of five computations of 1 s, and what it printed. */
function exitWhileComputing(): Promise<readonly [number | string | null, string]> {
  const busy = files.file("busy.cjs");
  const work = JSON.stringify(path.resolve("src/engine/work.cjs"));
  writeFileSync(
    busy,
    `const { parentPort, workerData } = require("node:worker_threads");
const { writeSync } = require("node:fs");
require(${work}).serveRequests(parentPort, workerData.state, async () => {
  writeSync(1, "begun ");
  const until = performance.now() + 1000;
  while (performance.now() < until);
  writeSync(1, "done ");
  return { reply: {} };
}, () => {});`,
  );
  const entry = files.file("entry.ts");
  writeFileSync(
    entry,
    `import { WorkerThread } from ${JSON.stringify(path.resolve("src/engine/worker-thread"))};
const worker = new WorkerThread(${JSON.stringify(busy)}, "worker");
const [first] = Array.from({ length: 5 }, () => worker.request({}).catch(() => undefined));
first.then(() => setTimeout(() => process.exit(3), 300));`,
  );
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--import", "tsx", entry], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    child.on("close", (status, signal) => resolve([signal ?? status, text]));
  });
}

test("a process that ends waits for the computation in progress, and no other begins", async () => {
  const [status, text] = await exitWhileComputing();
  assert.is(status, 3);
  assert.match(text, /^(begun done )+$/);
  assert.ok(text.length < 5 * "begun done ".length, text);
});

test.run();
