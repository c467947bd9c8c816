// The main thread's end of control-thread.cjs.
const path = require("node:path");
const { Worker } = require("node:worker_threads");

/** What the thread must know while this one does not come round: whether the compiler works, and the number of the cell that runs, or 0. */
const state = new Int32Array(new SharedArrayBuffer(8));

/** Says which cell runs now; 0: none. */
exports.markCell = (number) => void Atomics.store(state, 1, number);

/** Runs a body that Stop must not end in the middle. */
exports.whileCompiling = function whileCompiling(body) {
  Atomics.store(state, 0, 1);
  try {
    return body();
  } finally {
    Atomics.store(state, 0, 0);
  }
};

/** Starts the thread. After Stop a main thread that does not come round for `blockedMs` is made to, and its cell is given up. */
exports.startControl = async function startControl(connection, blockedMs, { onSignal, giveUp }) {
  const thread = new Worker(path.join(__dirname, "control-thread.cjs"), {
    workerData: { connection, blockedMs, state },
  });
  let receive = () => {};
  const ended = new Promise((resolve) => thread.once("exit", resolve));
  await new Promise((resolve, reject) => {
    thread.once("error", reject);
    thread.on("message", ({ kind, frames }) => {
      if (kind === "ready") resolve();
      if (kind === "message") receive(frames.map((frame) => Buffer.from(frame)));
      if (kind === "ask") thread.postMessage({ kind: "answer" });
      if (kind === "interrupt") onSignal();
      if (kind === "terminated") giveUp();
    });
  });
  thread.unref();
  return {
    send: async (frames) => thread.postMessage({ kind: "send", frames: frames.map((frame) => Buffer.from(frame)) }),
    onMessage: (callback) => void (receive = callback),
    async close() {
      thread.postMessage({ kind: "close" });
      await ended;
    },
  };
};
