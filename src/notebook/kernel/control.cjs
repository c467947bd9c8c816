// The main thread's end of control-thread.cjs.
const path = require("node:path");
const { Worker } = require("node:worker_threads");
const { CELL, CLOSED, COMPILING, newState } = require("./shared-state.cjs");

/** How long a process that ends waits for the thread. */
const CLOSING_MS = 2000;

const state = newState();

/**
 * Says which cell runs now; 0: none.
 * @param {number} number
 */
exports.markCell = (number) => void Atomics.store(state, CELL, number);

/**
 * Runs a body that Stop must not end in the middle.
 * @template T
 * @param {() => T} body
 */
exports.whileCompiling = function whileCompiling(body) {
  Atomics.store(state, COMPILING, 1);
  try {
    return body();
  } finally {
    Atomics.store(state, COMPILING, 0);
  }
};

/**
 * Starts the thread. After Stop a main thread that does not come round for `blockedMs` is made to, and its cell is given up. Without its
 * parent the process is ended, whatever it does.
 * @param {import("./protocol.cjs").Connection} connection
 * @param {{ readonly blockedMs: number, readonly parent: import("./protocol.cjs").Parent | undefined, readonly onSignal: () => void, readonly giveUp: () => void }} options
 * @returns {Promise<import("./protocol.cjs").Control>}
 */
exports.startControl = async function startControl(connection, { blockedMs, parent, onSignal, giveUp }) {
  const thread = new Worker(path.join(__dirname, "control-thread.cjs"), {
    workerData: /** @type {import("./protocol.cjs").ControlData} */ ({ connection, blockedMs, state, parent }),
  });
  /** @param {import("./protocol.cjs").ToControl} message */
  const tell = (message) => thread.postMessage(message);
  /** @type {(frames: readonly Buffer[]) => void} */
  let receive = () => undefined;
  const ended = new Promise((resolve) => thread.once("exit", resolve));
  /** @type {Promise<void>} */
  const ready = new Promise((resolve, reject) => {
    thread.once("error", reject);
    thread.on("message", (/** @type {import("./protocol.cjs").FromControl} */ message) => {
      if (message.kind === "ready") resolve();
      if (message.kind === "failed") void ended.then(() => reject(new Error(message.message)));
      if (message.kind === "message") receive(message.frames.map((frame) => Buffer.from(frame)));
      if (message.kind === "ask") tell({ kind: "answer" });
      if (message.kind === "interrupt") onSignal();
      if (message.kind === "terminated") giveUp();
    });
  });
  await ready;
  thread.unref();
  return {
    send: (frames) => tell({ kind: "send", frames: [...frames] }),
    onMessage: (callback) => void (receive = callback),
    async close() {
      tell({ kind: "close" });
      await ended;
    },
    closeNow() {
      tell({ kind: "close" });
      Atomics.wait(state, CLOSED, 0, CLOSING_MS);
    },
  };
};
