// Timers know the cell that made them. Once it is given up they never fire again, so a loop that waits on one does not go on unseen behind
// the cells that follow; what they print, and what goes wrong in them, is shown under it. (AsyncLocalStorage would know the cell of any
// code, but Node aborts the process when code is ended, see control-thread.cjs, while hooks of promises are on.)
const { syncBuiltinESMExports } = require("node:module");
const timersPromises = require("node:timers/promises");
const { promisify } = require("node:util");

const { Promise, setTimeout, setImmediate } = globalThis;

/**
 * Puts timers that know their cell in the place of Node's, for the whole process; the kernel's own files have taken Node's before.
 * @param {import("./protocol.cjs").Owners} owners
 * @param {(error: unknown, cell: import("./protocol.cjs").Cell | undefined) => void} onError hears what a callback throws
 */
exports.tieTimers = function tieTimers(owners, onError) {
  /** @typedef {{ readonly cell: import("./protocol.cjs").Cell | undefined, timer?: import("./protocol.cjs").Anything }} Waiting */
  /** @type {Set<Waiting>} timers that are to fire once and keep Node alive */
  const waiting = new Set();
  /** @param {import("./protocol.cjs").Cell | undefined} cell */
  const isOver = (cell) => cell?.givenUp === true;

  /**
   * A timer that is awaited: it stays pending.
   * @param {(...args: any[]) => Promise<unknown>} wait the arguments are Node's affair
   */
  const tiedPromise = (wait) =>
    async function later(/** @type {any[]} */ ...args) {
      const cell = owners.now();
      const one = { cell };
      waiting.add(one);
      try {
        const value = await wait(...args);
        if (isOver(cell)) return await new Promise(() => {});
        owners.resume(cell);
        return value;
      } finally {
        waiting.delete(one);
      }
    };

  /**
   * The timer function `set` with callbacks that do nothing once their cell is given up. They run as a promise's reaction, right after
   * Node's own callback has returned: there a loop that never yields can be ended, inside Node's callback that would abort the process.
   * @param {any} set one of several functions of Node's, each with its own types
   * @param {boolean} firesOnce
   */
  function tied(set, firesOnce) {
    /** @type {any} as `set` is */
    const later = function later(/** @type {unknown} */ callback, /** @type {any[]} */ ...rest) {
      const cell = owners.now();
      if (typeof callback !== "function") return set(callback, ...rest);
      /** @type {Waiting} */
      const one = { cell };
      const run = (/** @type {unknown[]} */ ...args) => {
        waiting.delete(one);
        if (!isOver(cell)) owners.during(cell, () => callback(...args));
      };
      const failed = (/** @type {unknown} */ error) => onError(error, cell);
      const timer = set(
        (/** @type {unknown[]} */ ...args) =>
          void Promise.resolve(args)
            .then((given) => run(...given))
            .catch(failed),
        ...rest,
      );
      one.timer = timer;
      if (firesOnce && cell !== undefined) waiting.add(one);
      if (waiting.size % 1000 === 999) left(); // those that were cleared
      return timer;
    };
    const awaited = set[promisify.custom];
    if (awaited !== undefined) later[promisify.custom] = tiedPromise(awaited);
    return later;
  }

  for (const name of /** @type {const} */ (["setTimeout", "setInterval", "setImmediate"]))
    globalThis[name] = tied(globalThis[name], name !== "setInterval");
  /** @type {any} Node's types have its functions as constants */
  const promised = timersPromises;
  for (const name of ["setTimeout", "setImmediate"]) promised[name] = tiedPromise(promised[name]);
  syncBuiltinESMExports();

  /** Those that still are to fire: not the ones that were cleared, or that do not keep Node alive. */
  const left = () => {
    for (const one of waiting)
      if (isOver(one.cell) || one.timer?._destroyed === true || one.timer?.hasRef?.() === false) waiting.delete(one);
    return waiting.size;
  };
  return {
    /**
     * Resolves when every timer of a cell that fires once has fired, at most after some time.
     * @param {number} withinMs
     */
    async settled(withinMs) {
      const end = Date.now() + withinMs;
      do await new Promise((resolve) => setImmediate(() => setTimeout(resolve, 5)));
      while (left() > 0 && Date.now() < end);
    },
  };
};
