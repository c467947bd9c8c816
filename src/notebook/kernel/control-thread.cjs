// A thread of its own for what must be answered while a cell's code keeps the main thread busy: the heartbeat, and Stop.
// It owns the sockets of both, passes control messages on and their replies back, ends code that never yields, and ends the process when
// its parent is gone, or when it was told to shut down and does not.
const { isUtf8 } = require("node:buffer");
const { Session } = require("node:inspector");
const { parentPort, workerData } = require("node:worker_threads");
const zmq = require("zeromq");
const { parse } = require("./message.cjs");
const { endHard, isGone } = require("./parent.cjs");
const { CELL, CLOSED, COMPILING } = require("./shared-state.cjs");

/** How often the parent is looked for. */
const PARENT_MS = 500;
/** How long the process may take to end after a request to shut down: open models have two seconds of it. */
const SHUTDOWN_MS = 8000;

const { connection, blockedMs, state, parent } = /** @type {import("./protocol.cjs").ControlData} */ (workerData);
const port = /** @type {import("node:worker_threads").MessagePort} */ (parentPort);
/** @param {import("./protocol.cjs").FromControl} message */
const tell = (message) => port.postMessage(message);
/** @param {"control" | "hb"} name */
const addressOf = (name) => `${connection.transport}://${connection.ip}:${connection[`${name}_port`]}`;
const control = new zmq.Router({ linger: 500 });
const heartbeat = new zmq.Reply({ linger: 0 });

const isCompiling = () => Atomics.load(state, COMPILING) === 1;
const runningCell = () => Atomics.load(state, CELL);

let stopping = false;
let stopped = 0; // the number of the cell that is to stop; 0: what runs between cells, a handler or a timer
let waiting = false; // whether the main thread has been asked for a sign of life and has not come round since
/** @type {NodeJS.Timeout | undefined} */
let timer;

/** Nothing is done to the cells that come after the one that was stopped. */
const hasEnded = () => !stopping || runningCell() !== stopped;

/**
 * Ends what the main thread runs at this moment, once it is not the compiler; what it has computed stays. Where the same cell still does not
 * come round then, what runs next is ended too.
 */
function terminate() {
  clearTimeout(timer);
  if (hasEnded()) return;
  if (isCompiling()) return void (timer = setTimeout(checkAgain, 50));
  const session = new Session();
  session.connectToMainThread();
  session.post("Runtime.terminateExecution", () => session.disconnect());
  waiting = false;
  tell({ kind: "terminated" });
  timer = setTimeout(watch, 2 * blockedMs);
}

const checkAgain = () => {
  if (waiting) terminate();
};

/** Asks the main thread for a sign of life, and goes on asking as long as the cell that is to stop runs. */
function watch() {
  clearTimeout(timer);
  if (hasEnded()) return;
  waiting = true;
  tell({ kind: "ask" });
  timer = setTimeout(checkAgain, blockedMs);
}

function onAnswer() {
  waiting = false;
  clearTimeout(timer);
  if (stopped === 0) stopping = false;
  else timer = setTimeout(watch, blockedMs / 2);
}

/**
 * The main thread hears of Stop when it comes round; when it does not, it is made to. (No signal is sent: between two runs of a cell's code
 * there are moments in which Node has no handler for it, and the process would end.)
 */
function interrupt() {
  tell({ kind: "interrupt" });
  if (runningCell() !== stopped) waiting = false;
  stopping = true;
  stopped = runningCell();
  if (waiting)
    terminate(); // Stop was pressed before, and nothing has moved since
  else watch();
}

/**
 * What a control message asks for; undefined when it is none, which the main thread logs.
 * @param {readonly Buffer[]} frames
 */
function typeOf(frames) {
  try {
    return parse(connection.key, frames).header.msg_type;
  } catch {
    return undefined;
  }
}

/**
 * A frame as ZeroMQ.js copies it. It copies text and short buffers; a longer buffer is lent to ZeroMQ's own thread, which gives it back to
 * this thread after it was sent, also when this thread has ended since: that corrupts the process's heap.
 * @param {string | Uint8Array} frame
 */
const copied = (frame) => (typeof frame !== "string" && isUtf8(frame) ? Buffer.from(frame).toString() : frame);

// Replies go out one after the other: ZeroMQ.js refuses a second send while one is pending.
/** @type {Promise<void>} */
let sending = Promise.resolve();

/**
 * What receives from the sockets.
 * @type {Promise<void>[]}
 */
const loops = [];

/**
 * A thread that is ended with open sockets, or while a loop asks one whether it is closed, ends the process with it: the main thread waits for
 * the mark, which is set when both are over.
 */
function close() {
  clearTimeout(timer);
  clearInterval(watcher);
  void sending.then(async () => {
    for (const socket of [control, heartbeat]) socket.close();
    await Promise.allSettled(loops);
    Atomics.store(state, CLOSED, 1);
    Atomics.notify(state, CLOSED);
    port.close();
  });
}

const watcher = setInterval(() => {
  if (parent !== undefined && isGone(parent)) endHard();
}, PARENT_MS);

async function beat() {
  for await (const frames of heartbeat) await heartbeat.send(frames.map(copied));
}

async function hear() {
  for await (const frames of control) {
    tell({ kind: "message", frames });
    const type = typeOf(frames);
    if (type === "interrupt_request") interrupt();
    if (type === "shutdown_request") setTimeout(endHard, SHUTDOWN_MS).unref();
  }
}

async function main() {
  port.on("message", (/** @type {import("./protocol.cjs").ToControl} */ message) => {
    if (message.kind === "answer") onAnswer();
    if (message.kind === "send")
      sending = sending.then(() => control.send(message.frames.map(copied))).catch(() => undefined);
    if (message.kind === "close") close();
  });
  await control.bind(addressOf("control"));
  await heartbeat.bind(addressOf("hb"));
  tell({ kind: "ready" });
  loops.push(
    beat().catch(() => undefined),
    hear().catch(fail),
  );
}

/** @param {unknown} error */
function fail(error) {
  tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  close();
}

main().catch(fail);
