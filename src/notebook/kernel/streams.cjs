// What a cell writes to stdout and stderr, sent as it comes, but several quick writes as one message:
// JupyterLab's server drops messages above a rate, and a loop that prints a line at a time is above it.

const { setTimeout, clearTimeout, Date, TextDecoder } = globalThis; // as they are before cell-timers.cjs and before any cell
const { nextTick } = process;
const GATHER_MS = 20;
/** Of one message: a longer text goes in several. */
const MOST_AT_ONCE = 1_000_000;
/** Of one cell. */
const MOST_CHARACTERS = 20_000_000;
const writeToTerminal = process.stderr.write.bind(process.stderr);

/**
 * A line for whoever runs the kernel: it goes to the process's own stderr, never under a cell.
 * @param {string} text
 */
exports.log = (text) => writeToTerminal(`[kernel] ${text}\n`);

/**
 * The beginning of a text, no longer than so many characters, that ends between two characters and not within one of two halves.
 * @param {string} text
 * @param {number} most
 */
function beginningOf(text, most) {
  if (text.length <= most) return text;
  return text.slice(0, /[\ud800-\udbff]/.test(text[most - 1] ?? "") ? most - 1 : most);
}

/**
 * A text in pieces that a message takes.
 * @param {string} text
 */
function pieces(text) {
  const all = [];
  for (let rest = text; rest !== "";) {
    const piece = beginningOf(rest, MOST_AT_ONCE);
    all.push(piece);
    rest = rest.slice(piece.length);
  }
  return all;
}

/**
 * Takes the place of the process's stdout and stderr.
 * @param {(name: string, text: string, cell: import("./protocol.cjs").Cell | undefined) => void} send
 * @param {() => import("./protocol.cjs").Cell | undefined} owner the cell whose text it is; `written` of it counts its characters
 * @param {(name: string, text: string) => void} said hears of each piece of text as it is written, before it is sent
 */
exports.captureStreams = function captureStreams(send, owner, said = () => undefined) {
  let name = "";
  /** @type {import("./protocol.cjs").Cell | undefined} */
  let cell;
  let text = "";
  let sentAt = 0;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;

  function flush() {
    clearTimeout(timer);
    timer = undefined;
    if (text === "") return;
    const ready = text;
    text = "";
    sentAt = Date.now();
    for (const piece of pieces(ready)) send(name, piece, cell);
  }

  /**
   * The part of a text that a cell may still print.
   * @param {import("./protocol.cjs").Cell | undefined} of
   * @param {string} piece
   */
  function allowed(of, piece) {
    if (of === undefined) return piece;
    const before = of.written ?? 0;
    of.written = before + piece.length;
    if (of.written <= MOST_CHARACTERS) return piece;
    if (before > MOST_CHARACTERS) return "";
    return `${beginningOf(piece, MOST_CHARACTERS - before)}\n[a cell shows at most ${MOST_CHARACTERS} characters: the rest is left out]\n`;
  }

  /**
   * @param {string} stream
   * @param {import("./protocol.cjs").Cell | undefined} of
   * @param {string} piece
   */
  function add(stream, of, piece) {
    if (stream !== name || of !== cell) flush();
    if (of !== cell) sentAt = 0; // a cell's first text goes at once: it may never yield afterwards
    name = stream;
    cell = of;
    const shown = allowed(of, piece);
    text += shown;
    for (const piece of pieces(shown)) said(stream, piece);
    // By the clock, not only by a timer: a loop that never yields shows its output too.
    if (Date.now() - sentAt >= GATHER_MS) flush();
    else timer ??= setTimeout(flush, GATHER_MS);
  }

  /**
   * @param {string} stream
   * @returns {typeof process.stdout.write}
   */
  const writer = (stream) => {
    const decoder = new TextDecoder();
    return (
      /** @type {string | Uint8Array} */ chunk,
      /** @type {unknown} */ encoding,
      /** @type {unknown} */ callback,
    ) => {
      add(stream, owner(), typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
      const done = typeof encoding === "function" ? encoding : callback;
      if (typeof done === "function") nextTick(done);
      return true;
    };
  };

  process.stdout.write = writer("stdout");
  process.stderr.write = writer("stderr");
  return {
    flush,
    /** Writes to stderr for a cell, whoever calls. */
    complain: (/** @type {import("./protocol.cjs").Cell | undefined} */ of, /** @type {string} */ line) =>
      add("stderr", of, line),
  };
};
