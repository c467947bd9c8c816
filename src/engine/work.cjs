const { isMainThread, parentPort, workerData } = require("node:worker_threads");

// What an engine's thread and the thread that opened it share (worker-thread.ts), and how the engine's thread works through its requests.

/** Whether the engine computes: 1, or 0. */
const BUSY = 0;
/** Whether it shall begin nothing more: 1, or 0. */
const ENDING = 1;
exports.BUSY = BUSY;
exports.ENDING = ENDING;

/**
 * Gives where requests come from: in a thread the port to who opened it, in a process of its own the channel to who started it. Such a process
 * ends with that channel, and leaves Ctrl-C to who started it.
 * @type {typeof import("./work.cjs").endpoint}
 */
exports.endpoint = () => {
  if (!isMainThread) {
    const port = /** @type {import("node:worker_threads").MessagePort} */ (parentPort);
    return { port, state: /** @type {{ state: Int32Array }} */ (workerData).state };
  }
  process.on("SIGINT", () => undefined);
  process.on("disconnect", () => process.exit());
  return {
    port: {
      on: (_, listener) => process.on("message", (message) => listener(/** @type {any} */ (message))),
      postMessage: (message) => void process.send?.(message),
      close: () => process.disconnect(),
    },
    state: new Int32Array(2),
  };
};

/**
 * Answers requests one after another, in the order of their arrival; an answer may hand over the memory of `transfer`. The request
 * { action: "end" } closes what is open and ends the thread.
 * @type {typeof import("./work.cjs").serveRequests}
 */
exports.serveRequests = (port, state, answer, close) => {
  /** @param {{ readonly id: number, readonly action: string }} message */
  async function serve({ id, ...request }) {
    try {
      if (request.action === "end") {
        await close();
        return void port.close();
      }
      /** @type {any} the engine's own kind of request */
      const own = request;
      const { reply, transfer = [] } = await answer(own);
      port.postMessage({ id, ...reply }, [...transfer]);
    } catch (error) {
      port.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
    }
  }
  let before = Promise.resolve();
  port.on("message", (/** @type {Parameters<typeof serve>[0]} */ message) => {
    before = before.then(() => working(state, () => serve(message)));
  });
};

/**
 * Marks the engine as busy while it works; when the process ends it begins nothing.
 * @param {Int32Array} state
 * @param {() => Promise<void>} work
 */
async function working(state, work) {
  Atomics.store(state, BUSY, 1);
  if (Atomics.load(state, ENDING) === 0) await work();
  Atomics.store(state, BUSY, 0);
  Atomics.notify(state, BUSY);
}

/**
 * Throws where no computation may begin any more: to be asked before each one of a request that has several.
 * @param {Int32Array} state
 */
exports.checkWanted = function checkWanted(state) {
  if (Atomics.load(state, ENDING) === 1) throw new Error("the process is ending");
};
