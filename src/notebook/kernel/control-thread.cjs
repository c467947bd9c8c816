// A thread of its own for what must be answered while a cell's code keeps the main thread busy: the heartbeat, and Stop.
// It owns the sockets of both, passes control messages on and their replies back, and ends code that never yields.
const { Session } = require("node:inspector");
const { parentPort, workerData } = require("node:worker_threads");
const zmq = require("zeromq");
const { parse } = require("./message.cjs");

const { connection, blockedMs, state } = workerData;
const addressOf = (name) => `${connection.transport}://${connection.ip}:${connection[`${name}_port`]}`;
const control = new zmq.Router({ linger: 500 });
const heartbeat = new zmq.Reply({ linger: 0 });

const isCompiling = () => Atomics.load(state, 0) === 1;
const runningCell = () => Atomics.load(state, 1);

let stopping = false;
let stopped = 0; // the number of the cell that is to stop; 0: what runs between cells, a handler or a timer
let waiting = false; // whether the main thread has been asked for a sign of life and has not come round since
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
  parentPort.postMessage({ kind: "terminated" });
  timer = setTimeout(watch, 2 * blockedMs);
}

const checkAgain = () => waiting && terminate();

/** Asks the main thread for a sign of life, and goes on asking as long as the cell that is to stop runs. */
function watch() {
  clearTimeout(timer);
  if (hasEnded()) return;
  waiting = true;
  parentPort.postMessage({ kind: "ask" });
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
  parentPort.postMessage({ kind: "interrupt" });
  if (runningCell() !== stopped) waiting = false;
  stopping = true;
  stopped = runningCell();
  if (waiting)
    terminate(); // Stop was pressed before, and nothing has moved since
  else watch();
}

function isInterrupt(frames) {
  try {
    return parse(connection.key, frames).header.msg_type === "interrupt_request";
  } catch {
    return false; // the main thread logs it
  }
}

async function main() {
  await control.bind(addressOf("control"));
  await heartbeat.bind(addressOf("hb"));
  // Replies go out one after the other: ZeroMQ.js refuses a second send while one is pending.
  let sending = Promise.resolve();
  parentPort.on("message", ({ kind, frames }) => {
    if (kind === "answer") onAnswer();
    if (kind === "send") sending = sending.then(() => control.send(frames)).catch(() => {});
    if (kind === "close")
      sending.then(() => [control, heartbeat].forEach((socket) => socket.close())).then(() => parentPort.close());
  });
  parentPort.postMessage({ kind: "ready" });
  const beat = async () => {
    for await (const frames of heartbeat) await heartbeat.send(frames);
  };
  beat().catch(() => {});
  for await (const frames of control) {
    parentPort.postMessage({ kind: "message", frames });
    if (isInterrupt(frames)) interrupt();
  }
}

void main();
