// Runs cells one after the other, and sends what Jupyter expects of each: input, outputs, value, error, reply.
const { inspect } = require("node:util");
const jupyter = require("tslab/dist/jupyter.js");
const { beginTimers } = require("./cell-timers.cjs");
const { describeFailure } = require("./errors.cjs");
const { createHistory } = require("./history.cjs");
const { expandShorthand } = require("./shorthand.cjs");
const { captureStreams } = require("./streams.cjs");

const { setTimeout } = globalThis;

/** A value that has already shown itself (a figure's handle) is not printed again. */
const SHOWN = Symbol.for("adazeta.shown");
/** How long requests that are already on their way may take to arrive before a failed cell cancels them. */
const DRAIN_MS = 50;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

exports.createCells = function createCells({ server, executor, interrupts, registry, said, sources }) {
  const queue = [];
  const history = createHistory();
  let quiet = false; // a silent cell shows nothing
  let running;
  let current; // the request whose outputs are sent, also after its cell has ended
  let count = 0;
  let working = false;

  const publish = (type, content) => quiet || server.publish(type, content, current);
  const streams = captureStreams((name, text) => quiet || server.publishNow("stream", { name, text }, current));
  server.onPublish(streams.flush);
  const display = (content, update = false) => publish(update ? "update_display_data" : "display_data", content);
  registry.publish = display;

  const showValue = (value) => {
    if (Object(value) === value && value[SHOWN] === true) return;
    publish("execute_result", { execution_count: count, data: { "text/plain": inspect(value) }, metadata: {} });
  };

  /** Runs code up to its end or until it is given up; resolves to what went wrong, if anything did. */
  async function runCode(code, label, onValue) {
    const failures = [];
    const fail = (error) => void failures.push([error]);
    said.log = onValue;
    said.error = (...args) => failures.push(args);
    const timers = beginTimers();
    const expanded = expandShorthand(code);
    sources.beginCell({ label, code, columnOf: expanded.columnOf });
    const givenUp = interrupts.begin().then(() => fail(interrupts.reason));
    // In a reaction of its own: when code that never yields is ended, everything that called it ends with it.
    const ran = Promise.resolve().then(() => executor.execute(expanded.code));
    const ok = (await Promise.race([ran.catch(fail), givenUp])) === true;
    if (!ok && interrupts.wasInterrupted()) timers.giveUp();
    timers.end();
    interrupts.end();
    for (const flush of [...registry.flushes]) flush(); // the last state of a throttled plot is always shown
    streams.flush();
    return ok
      ? undefined
      : describeFailure(failures, { code, columnOf: expanded.columnOf, sources, root: process.cwd() });
  }

  /** The values of expressions that a front end asks for beside a cell, each as a value or an error of its own. */
  async function valuesOf(expressions = {}) {
    const values = {};
    for (const [name, code] of Object.entries(expressions)) {
      let text = "undefined";
      const error = await runCode(`(${code})`, "expression", (value) => (text = inspect(value)));
      values[name] =
        error === undefined
          ? { status: "ok", data: { "text/plain": text }, metadata: {} }
          : { status: "error", ...error };
    }
    return values;
  }

  /** Runs one cell; resolves to the content of its reply. */
  async function execute({ message }) {
    const { code, silent = false, store_history: stored = true, user_expressions: expressions } = message.content;
    streams.flush();
    running = current = message;
    server.status("busy", message);
    quiet = silent;
    let entry;
    if (!silent && stored) entry = history.add(++count, code);
    publish("execute_input", { code, execution_count: count });
    jupyter.lastWriteDisplayData = display; // tslab's own display functions
    const error = await runCode(code, entry === undefined ? "cell" : `cell [${count}]`, (value) => {
      if (entry !== undefined) entry.value = inspect(value);
      showValue(value);
    });
    if (error !== undefined) publish("error", error);
    const content =
      error === undefined
        ? { status: "ok", execution_count: count, user_expressions: await valuesOf(expressions), payload: [] }
        : { status: "error", execution_count: count, ...error };
    quiet = false;
    return content;
  }

  /** Cancels the cells that wait: after an error, and after Stop even when the stopped cell ended well. */
  async function cancelWaiting() {
    await sleep(DRAIN_MS);
    return queue.splice(0);
  }

  async function work() {
    working = true;
    for (let request = queue.shift(); request !== undefined; request = queue.shift()) {
      const content = await execute(request);
      const failed = content.status === "error" && request.message.content.stop_on_error !== false;
      const cancelled = failed || interrupts.wasInterrupted() ? await cancelWaiting() : [];
      await server.reply(request, "execute_reply", content);
      running = undefined;
      server.status("idle", request.message);
      for (const waiting of cancelled) {
        server.status("busy", waiting.message);
        await server.reply(waiting, "execute_reply", { status: "aborted" });
        server.status("idle", waiting.message);
      }
    }
    working = false;
  }

  return {
    add(request) {
      queue.push(request);
      if (!working) void work();
    },
    /** The request whose cell runs now, if one does. */
    running: () => running,
    /** The request that outputs belong to: the cell that runs now, or the last one. */
    newest: () => current,
    history: history.answer,
  };
};
