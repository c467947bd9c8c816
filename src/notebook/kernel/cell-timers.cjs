// Timers know the cell during which they were made. Once that cell is given up they never fire again, so a loop that waits on one does not
// go on unseen behind the cells that follow. (AsyncLocalStorage would know the cell of any code, but Node aborts the process when
// code is ended, see control-thread.cjs, while hooks of promises are on.)
const { syncBuiltinESMExports } = require("node:module");
const timersPromises = require("node:timers/promises");
const { promisify } = require("node:util");

let current; // the cell that runs now

/** Marks the beginning of a cell. `end` marks its end; `giveUp` stops its timers for good. */
exports.beginTimers = () => {
  const cell = (current = { givenUp: false });
  return { end: () => void (current = undefined), giveUp: () => void (cell.givenUp = true) };
};

/** The same for a timer that is awaited: it stays pending. */
const tiedPromise =
  (wait) =>
  async (...args) => {
    const cell = current;
    const value = await wait(...args);
    return cell?.givenUp ? new Promise(() => {}) : value;
  };

/**
 * The timer function `set` with callbacks that do nothing once their cell is given up. They run as a promise's reaction, right after
 * Node's own callback has returned: there a loop that never yields can be ended, inside Node's callback that would abort the process.
 */
function tied(set) {
  const later = (callback, ...rest) => {
    const cell = current;
    if (cell === undefined || typeof callback !== "function") return set(callback, ...rest);
    return set((...args) => void Promise.resolve().then(() => cell.givenUp || callback(...args)), ...rest);
  };
  const awaited = set[promisify.custom];
  if (awaited !== undefined) later[promisify.custom] = tiedPromise(awaited);
  return later;
}

/** Puts these timers in the place of Node's, for the whole process; the kernel's own files have taken Node's before. */
exports.tieTimers = function tieTimers() {
  for (const name of ["setTimeout", "setInterval", "setImmediate"]) globalThis[name] = tied(globalThis[name]);
  for (const name of ["setTimeout", "setImmediate"]) timersPromises[name] = tiedPromise(timersPromises[name]);
  syncBuiltinESMExports();
};
