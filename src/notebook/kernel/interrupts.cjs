// Stop: the first asks the running cell to end by itself (its AbortSignal is aborted); at a second one, or two seconds later, the cell
// is given up: it ends with an error, and its timers never fire again.

const { AbortController, Error, Object, Promise, setTimeout, clearTimeout } = globalThis;
const GRACE_MS = 2000;
/** How long code may keep the thread busy without a sign of life after Stop. */
exports.BLOCKED_MS = 1000;
/** How long the executor may take to end a cell that was given up; code that was ended in the middle never comes back to it. */
const SETTLE_MS = 100;

/**
 * `markCell(number)` hears which cell begins, and 0 when it ends.
 * @param {() => void} abandon
 * @param {(number: number) => void} markCell
 */
exports.createInterrupts = function createInterrupts(abandon, markCell) {
  let cells = 0;
  let controller = new AbortController();
  let running = false;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  /** @type {(value?: unknown) => void} */
  let settle = () => undefined;
  const reason = Object.assign(new Error("the cell was stopped"), { name: "Interrupted" });

  function giveUp() {
    if (!running) return;
    controller.abort(reason);
    clearTimeout(timer);
    abandon();
    timer = setTimeout(settle, SETTLE_MS);
  }

  return {
    reason,
    /** The AbortSignal of the current cell. */
    signal: () => controller.signal,
    /** Starts watching a cell; the promise is resolved some time after it was given up. */
    begin() {
      controller = new AbortController();
      running = true;
      markCell(++cells);
      return new Promise((resolve) => (settle = resolve));
    },
    end() {
      running = false;
      markCell(0);
      clearTimeout(timer);
    },
    wasInterrupted: () => controller.signal.aborted,
    giveUp,
    onSignal() {
      if (!running) return;
      if (controller.signal.aborted) return giveUp();
      controller.abort(reason);
      timer = setTimeout(giveUp, GRACE_MS);
    },
  };
};
