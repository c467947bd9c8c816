// The answer to each kind of request. Cells wait in their own queue (cells.cjs); everything else is answered at once, also while a cell runs.
/** @type {typeof import("@tslab/typescript-for-tslab")} */
const ts = require("@tslab/typescript-for-tslab");
const { toOffset, toPosition } = require("./cursor.cjs");
const { asText, read, safely } = require("./describe.cjs");
const { describeSymbol } = require("./quick-info.cjs");
const { log } = require("./streams.cjs");
const { isTooDeep } = require("./too-deep.cjs");

const kernelInfo = () => ({
  status: "ok",
  protocol_version: "5.3",
  implementation: "tslab",
  implementation_version: require("tslab/package.json").version,
  language_info: {
    name: "typescript",
    version: ts.version,
    mimetype: "text/typescript",
    file_extension: ".ts",
    codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
  },
  banner: "TypeScript (tslab)",
  help_links: [],
});

const UNTERMINATED = new Set([1160, 1010]); // template literal, comment

/**
 * Whether a cell's text could be run as it is, goes on, or is wrong whatever follows.
 * @param {string} code
 */
function isComplete(code) {
  const source = safely(
    () => ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, undefined, ts.ScriptKind.TS),
    undefined,
  );
  if (source === undefined) return { status: "unknown" }; // nested too deeply
  // The parser's own findings; they are not in the compiler's types.
  const diagnostics =
    /** @type {{ parseDiagnostics?: import("@tslab/typescript-for-tslab").DiagnosticWithLocation[] }} */ (
      /** @type {unknown} */ (source)
    ).parseDiagnostics ?? [];
  if (diagnostics.length === 0) return { status: "complete" };
  const end = code.trimEnd().length;
  const goesOn = diagnostics.every(({ code: number, start }) => UNTERMINATED.has(number) || start >= end);
  return goesOn ? { status: "incomplete", indent: "  " } : { status: "invalid" };
}

/**
 * What the compiler says of a text, or `nothing` where it cannot: no hint is worth an error in the middle of typing.
 * @template T
 * @param {string} code
 * @param {() => T} ask
 * @param {T} nothing
 */
function asked(code, ask, nothing) {
  if (isTooDeep(code)) return nothing;
  try {
    return ask() ?? nothing;
  } catch (error) {
    log(`no hint: ${asText(read(error, "message"), "")}`);
    return nothing;
  }
}

/**
 * @param {import("tslab/dist/executor").Executor} executor
 * @param {{ code: string, cursor_pos: number }} question
 */
function inspect(executor, { code, cursor_pos: position }) {
  /** @type {import("@tslab/typescript-for-tslab").QuickInfo | undefined} */
  const info = asked(
    code,
    () =>
      /** @type {import("@tslab/typescript-for-tslab").QuickInfo | undefined} */ (
        executor.inspect(code, toOffset(code, position))
      ),
    undefined,
  );
  const data = info ? { "text/plain": describeSymbol(info) } : {};
  return { status: "ok", found: Boolean(info), data, metadata: {} };
}

/**
 * @param {import("tslab/dist/executor").Executor} executor
 * @param {{ code: string, cursor_pos: number }} question
 */
function complete(executor, { code, cursor_pos: position }) {
  const offset = toOffset(code, position);
  /** @type {import("tslab/dist/converter").CompletionInfo} */
  const nothing = { start: offset, end: offset, candidates: [] };
  const { start, end, candidates } = asked(code, () => executor.complete(code, offset), nothing);
  const [cursor_start, cursor_end] = [toPosition(code, start), toPosition(code, end)];
  return { status: "ok", cursor_start, cursor_end, matches: candidates, metadata: {} };
}

/**
 * @param {{ server: import("./protocol.cjs").Server, cells: import("./protocol.cjs").Cells, comms: import("./protocol.cjs").Comms, executor: import("tslab/dist/executor").Executor, stop: () => Promise<void> }} kernel
 * @returns {import("./protocol.cjs").Handlers}
 */
exports.requestHandlers = function requestHandlers({ server, cells, comms, executor, stop }) {
  /** @type {Record<string, (content: import("./protocol.cjs").Anything) => object>} */
  const answers = {
    kernel_info_request: () => kernelInfo(),
    is_complete_request: ({ code }) => isComplete(code),
    inspect_request: (content) => inspect(executor, content),
    complete_request: (content) => complete(executor, content),
    history_request: (content) => ({ status: "ok", history: cells.history(content) }),
    comm_info_request: ({ target_name: target }) => ({ status: "ok", comms: comms.info(target) }),
    interrupt_request: () => ({ status: "ok" }), // what it asks for is done by the thread that received it
    shutdown_request: ({ restart }) => ({ status: "ok", restart: restart === true }),
  };

  /**
   * Each request has its own busy and idle; the answer to a completion must not mark the kernel of a running cell as idle.
   * @param {import("./message.cjs").Message} message
   */
  const idle = (message) => {
    server.status("idle", message);
    if (cells.running() !== undefined) server.status("busy", cells.running());
  };

  /** @param {unknown} error */
  const failed = (error) => ({
    status: "error",
    ename: asText(read(error, "name"), "Error"),
    evalue: asText(read(error, "message"), ""),
    traceback: [],
  });

  /**
   * @param {import("./protocol.cjs").Request} request
   * @param {string} type
   */
  async function answer(request, type) {
    try {
      const content = await Promise.resolve(request.message.content)
        .then((asked) => answers[type]?.(asked) ?? {})
        .catch(failed);
      const reply = type.replace("_request", "_reply");
      await server.reply(request, reply, content);
      if (reply === "shutdown_reply") server.publish(reply, content, request.message); // every front end hears of it
    } finally {
      idle(request.message);
    }
    if (type === "shutdown_request") await stop();
  }

  /** @type {Set<import("./message.cjs").Message>} */
  const handled = new Set(); // messages of comms whose handlers have not returned yet

  /**
   * Hands a comm's message to its handler, in a reaction of its own: when a handler that never yields is ended, everything that called it
   * ends with it. A front end sends its next change only after this "idle", so a handler that goes on does not hold it back.
   * @param {import("./message.cjs").Message} message
   * @param {string} type
   */
  function handle(message, type) {
    handled.add(message);
    const done = () => handled.delete(message) && idle(message);
    Promise.resolve()
      .then(() => comms.receive[type]?.(message))
      .catch((error) => log(`${type}: ${asText(read(error, "message"), "")}`))
      .then(done);
  }

  return {
    /** Takes a request: `{ message, socket }`. */
    receive(request) {
      const { message } = request;
      const { msg_type: type } = message.header;
      if (type === "execute_request") return cells.add(request);
      server.status("busy", message);
      if (Object.hasOwn(answers, type)) return void answer(request, type);
      if (Object.hasOwn(comms.receive, type)) return handle(message, type);
      log(`${asText(type, "nothing").slice(0, 100)}: not a message that this kernel knows`);
      idle(message);
    },
    /** What ran was ended: a handler that it was does not return any more. */
    giveUp() {
      for (const message of handled) idle(message);
      handled.clear();
    },
  };
};
