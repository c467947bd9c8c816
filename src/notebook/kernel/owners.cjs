// Whose output it is: the cell that started the code which runs now, also when that code runs after the cell's end. A timer's callback belongs
// to the cell that set it; other code to the outermost cell in its stack, `await`s included; what neither tells, to the cell that
// runs, or ran last. (AsyncLocalStorage would know, but see cell-timers.cjs.)
const { safely } = require("./describe.cjs");

const { setImmediate } = globalThis; // as it is before cell-timers.cjs
const MOST_FRAMES = 200;

/**
 * The frames above a function.
 * @param {Function} above
 * @returns {NodeJS.CallSite[]}
 */
function framesAbove(above) {
  const { prepareStackTrace, stackTraceLimit } = Error;
  return safely(() => {
    try {
      Error.prepareStackTrace = (_error, sites) => sites;
      Error.stackTraceLimit = MOST_FRAMES;
      /** @type {any} */
      const holder = {};
      Error.captureStackTrace(holder, above);
      return Array.isArray(holder.stack) ? holder.stack : [];
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
      Error.stackTraceLimit = stackTraceLimit;
    }
  }, []);
}
exports.framesAbove = framesAbove;

/**
 * @template Cell
 * @param {(frames: NodeJS.CallSite[]) => Cell | undefined} ownerOf source-maps.cjs
 */
exports.createOwners = function createOwners(ownerOf) {
  /** @type {Cell | undefined} */
  let newest; // the cell that runs, or ran last
  /** @type {Cell | undefined} */
  let ofTimer; // while a timer's callback runs
  /** @type {Cell | undefined} */
  let ofReactions; // while what it has set off runs, and somewhat longer
  let forgetting = false;

  /** @param {Cell | undefined} cell */
  const remember = (cell) => {
    ofReactions = cell;
    if (forgetting) return;
    forgetting = true;
    setImmediate(() => {
      forgetting = false;
      ofReactions = undefined;
    });
  };
  /** @param {Function} above */
  const find = (above) => ofTimer ?? ownerOf(framesAbove(above)) ?? ofReactions ?? newest;

  return {
    /**
     * A cell begins. What says of itself no cell never belongs to a silent one.
     * @param {Cell} cell
     * @param {boolean} isSilent
     */
    begin(cell, isSilent) {
      if (!isSilent) newest = cell;
      ofTimer = undefined;
      ofReactions = undefined;
    },
    /** What ran was ended in the middle, `finally` and all: a timer's callback may have been it. */
    reset: () => void (ofTimer = undefined),
    newest: () => newest,
    /** The cell that the caller works for. */
    now: function now() {
      return find(now);
    },
    /**
     * Whose an error is that nobody caught.
     * @param {Cell | undefined} byStack
     */
    ofUncaught: (byStack) => byStack ?? ofTimer ?? ofReactions ?? newest,
    /**
     * Runs a timer's callback for its cell.
     * @param {Cell | undefined} cell
     * @param {() => unknown} body
     */
    during(cell, body) {
      const before = ofTimer;
      ofTimer = cell;
      remember(cell);
      try {
        return body();
      } finally {
        ofTimer = before;
      }
    },
    /**
     * What runs next was waiting for a timer of this cell.
     * @param {Cell | undefined} cell
     */
    resume: remember,
  };
};
