// Runs cells one after the other, and sends what Jupyter expects of each: input, outputs, value, error, reply.
// Whatever a cell throws, shows or holds, it ends: code of a cell's values runs only where Stop watches (`watched`), and its reply and "idle"
// are sent in a `finally` (`serve`).
const jupyter = require("tslab/dist/jupyter.js");
const { AWAITS_AT } = require("./await-places.cjs");
const { describe, read } = require("./describe.cjs");
const { describeFailure, INTERRUPTED } = require("./errors.cjs");
const { createHistory } = require("./history.cjs");
const { keepLanguage } = require("./language.cjs");
const { expandShorthand } = require("./shorthand.cjs");
const { captureStreams } = require("./streams.cjs");
const { notTooDeep } = require("./too-deep.cjs");
const { bundleOf } = require("./values.cjs");

const { Promise, setTimeout } = globalThis; // as they are before cell-timers.cjs and before any cell

/** A value that has already shown itself (a figure's handle) is not printed again. */
const SHOWN = Symbol.for("adazeta.shown");
/** How long requests that are already on their way may take to arrive before a failed cell cancels them. */
const DRAIN_MS = 50;
/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @typedef {import("./protocol.cjs").Cell} Cell */
/** @typedef {import("./protocol.cjs").Failure} Failure */

/**
 * @param {object} kernel
 * @param {import("./protocol.cjs").Server} kernel.server
 * @param {import("tslab/dist/executor").Executor} kernel.executor
 * @param {import("./protocol.cjs").Interrupts} kernel.interrupts
 * @param {import("./protocol.cjs").OwnRegistry} kernel.registry
 * @param {import("./protocol.cjs").SaidBy} kernel.said
 * @param {import("./protocol.cjs").Sources} kernel.sources
 * @param {import("./protocol.cjs").Declarations} kernel.declarations
 * @param {import("./protocol.cjs").Owners} kernel.owners
 * @param {string} kernel.root
 * @param {ReturnType<typeof import("./last-words.cjs").createLastWords>} kernel.lastWords
 */
exports.createCells = function createCells(kernel) {
  const { server, executor, interrupts, registry, said, sources, declarations, owners, root, lastWords } = kernel;
  /** @type {import("./protocol.cjs").Request[]} */
  const queue = [];
  const history = createHistory();
  /** @type {import("./message.cjs").Message | undefined} the request that is not answered yet */
  let running;
  let count = 0;
  let working = false;

  /**
   * Sends an output of a cell; one that is silent shows nothing.
   * @param {string} type
   * @param {object} content
   * @param {Cell | undefined} cell
   */
  const publish = (type, content, cell) => {
    if (!cell?.quiet) server.publish(type, content, cell?.message);
  };
  /**
   * @param {string} name
   * @param {string} text
   * @param {Cell | undefined} cell
   */
  const sendText = (name, text, cell) => {
    if (!cell?.quiet) server.publishNow("stream", { name, text }, cell?.message);
  };
  const streams = captureStreams(sendText, owners.now, lastWords.said);
  server.onPublish(streams.flush);
  const display = (/** @type {import("./protocol.cjs").Anything} */ content, update = false) => {
    if (Object(content?.data) !== content?.data)
      throw new TypeError(`display: expected an object of representations by type, got ${describe(content?.data)}`);
    publish(update ? "update_display_data" : "display_data", content, owners.now());
  };
  registry.publish = display;
  /** @type {(() => string[]) | undefined} of the language as it is when the first cell begins */
  let putBack;

  /**
   * Puts back what a cell has changed of the language itself, and says so.
   * @param {Cell} cell
   */
  function tidy(cell) {
    const changed = putBack?.() ?? [];
    if (changed.length === 0) return;
    const names = `${changed.slice(0, 8).join(", ")}${changed.length > 8 ? ` and ${changed.length - 8} more` : ""}`;
    streams.complain(cell, `put back at the end of the cell, because every cell rests on it: ${names}\n`);
  }

  /**
   * @param {readonly (readonly unknown[])[]} failures
   * @param {Omit<import("./protocol.cjs").Told, "sources" | "root">} about
   */
  const wordsFor = (failures, about) => describeFailure(failures, { ...about, sources, root });
  /** @type {Pick<import("./protocol.cjs").Told, "code" | "columnOf">} */
  const anywhere = { code: "", columnOf: (_line, column) => column };

  /**
   * Runs code up to its end or until it is given up, and finds words for what went wrong. What `body` resolves to is the outcome.
   * In a reaction of its own: when code that never yields is ended, everything that called it ends with it.
   * @param {Cell} cell
   * @param {() => Promise<Failure | undefined>} body
   * @returns {Promise<Failure | undefined>}
   */
  async function watched(cell, body) {
    const givenUp = interrupts.begin().then(() => INTERRUPTED);
    const ran = Promise.resolve()
      .then(body)
      .catch((/** @type {unknown} */ error) => wordsFor([[error]], anywhere));
    const outcome = await Promise.race([ran, givenUp]);
    if (outcome !== undefined && interrupts.wasInterrupted()) cell.givenUp = true;
    interrupts.end();
    return outcome;
  }

  /**
   * Runs code of a cell; resolves to what went wrong, if anything did.
   * @param {Cell} cell
   * @param {string} code
   * @param {string} label
   * @param {(value: unknown) => void} onValue
   */
  async function runCode(cell, code, label, onValue) {
    let ended = false;
    let well = false;
    const outcome = await watched(cell, async () => {
      /** @type {unknown[][]} */
      const failures = [];
      const fail = (/** @type {unknown} */ error) => void failures.push([error]);
      said.log = onValue;
      said.error = (...args) => void (ended || failures.push(args));
      let about = anywhere;
      try {
        const { columnOf, code: expanded } = notTooDeep(() => expandShorthand(code));
        about = { code, columnOf };
        executor.locals[AWAITS_AT] = undefined;
        sources.beginCell({ label, code, columnOf, owner: cell });
        well = (await executor.execute(expanded)) === true;
      } catch (error) {
        fail(error);
      }
      tidy(cell);
      // The last state of a throttled plot is always shown.
      for (const flush of [...registry.flushes]) {
        try {
          flush();
        } catch (error) {
          fail(error);
          well = false;
        }
      }
      return well ? undefined : wordsFor(failures, { ...about, label, awaitsAt: executor.locals[AWAITS_AT] });
    });
    ended = true;
    tidy(cell);
    declarations.end(well && outcome === undefined);
    streams.flush();
    return outcome;
  }

  /**
   * The values of expressions that a front end asks for beside a cell, each as a value or an error of its own.
   * @param {Cell} cell
   * @param {unknown} expressions
   */
  async function valuesOf(cell, expressions) {
    /** @type {Record<string, object>} */
    const values = {};
    if (typeof expressions !== "object" || expressions === null) return values;
    for (const [name, code] of Object.entries(expressions)) {
      let text = "undefined";
      const error = await runCode(cell, `(${code})`, "expression", (value) => (text = describe(value)));
      values[name] =
        error === undefined
          ? { status: "ok", data: { "text/plain": text }, metadata: {} }
          : { status: "error", ...error };
    }
    return values;
  }

  /**
   * Runs one cell; resolves to the content of its reply.
   * @param {Cell} cell
   */
  async function execute(cell) {
    /** @type {import("./protocol.cjs").Anything} checked below */
    const content = cell.message.content;
    const { code, store_history: stored = true, user_expressions: expressions } = content;
    if (typeof code !== "string") {
      const error = wordsFor(
        [[new TypeError(`execute_request: expected a text as code, got ${describe(code)}`)]],
        anywhere,
      );
      publish("error", error, cell);
      return { status: "error", execution_count: count, ...error };
    }
    /** @type {ReturnType<typeof history.add> | undefined} */
    let entry;
    if (!cell.quiet && stored) entry = history.add(++count, code);
    publish("execute_input", { code, execution_count: count }, cell);
    jupyter.lastWriteDisplayData = display; // tslab's own display functions
    const error = await runCode(cell, code, entry === undefined ? "cell" : `cell [${count}]`, (value) => {
      if (entry !== undefined) entry.value = describe(value);
      if (read(value, SHOWN) === true) return;
      const content = { execution_count: count, data: bundleOf(value, registry), metadata: {} };
      publish("execute_result", content, cell);
    });
    if (error !== undefined) publish("error", error, cell);
    return error === undefined
      ? { status: "ok", execution_count: count, user_expressions: await valuesOf(cell, expressions), payload: [] }
      : { status: "error", execution_count: count, ...error };
  }

  /** Cancels the cells that wait: after an error, and after Stop even when the stopped cell ended well. */
  async function cancelWaiting() {
    await sleep(DRAIN_MS);
    return queue.splice(0);
  }

  /**
   * Answers one request, whatever happens in between.
   * @param {import("./protocol.cjs").Request} request
   */
  async function serve(request) {
    const { message } = request;
    /** @type {Cell} */
    const cell = { message, quiet: message.content?.["silent"] === true, givenUp: false };
    /** @type {{ status: string }} */
    let content = { status: "error", execution_count: count, ...wordsFor([], anywhere) };
    /** @type {import("./protocol.cjs").Request[]} */
    let cancelled = [];
    try {
      streams.flush();
      putBack ??= keepLanguage();
      running = message;
      owners.begin(cell, cell.quiet);
      server.status("busy", message);
      content = await execute(cell);
    } catch (error) {
      content = { status: "error", execution_count: count, ...wordsFor([[error]], anywhere) };
    } finally {
      const failed = content.status === "error" && message.content?.["stop_on_error"] !== false;
      if (failed || interrupts.wasInterrupted()) cancelled = await cancelWaiting();
      await server.reply(request, "execute_reply", content);
      running = undefined;
      server.status("idle", message);
    }
    for (const waiting of cancelled) {
      server.status("busy", waiting.message);
      await server.reply(waiting, "execute_reply", { status: "aborted" });
      server.status("idle", waiting.message);
    }
  }

  async function work() {
    working = true;
    try {
      for (let request = queue.shift(); request !== undefined; request = queue.shift()) await serve(request);
    } finally {
      working = false;
    }
  }

  return {
    add(/** @type {import("./protocol.cjs").Request} */ request) {
      queue.push(request);
      if (!working) void work();
    },
    /** The request whose cell runs now, if one does. */
    running: () => running,
    /** The request that outputs belong to which are made now. */
    current: () => owners.now()?.message,
    /**
     * Shows an error that nobody caught under the cell that it comes from, which may have ended.
     * @param {string} how how it came about
     * @param {unknown} error
     * @param {Cell} [cell] where it is known
     */
    complain(how, error, cell = owners.ofUncaught(sources.ownerOfError(error))) {
      const { traceback } = wordsFor([[error]], anywhere);
      streams.complain(cell, `${how}\n${traceback.join("\n")}\n`);
    },
    history: history.answer,
  };
};
