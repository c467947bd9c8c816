import { suite } from "uvu";
import * as assert from "uvu/assert";
import { writeFileSync } from "node:fs";
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

test.run();
