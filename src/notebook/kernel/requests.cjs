// The answer to each kind of request. Cells wait in their own queue (cells.cjs); everything else is answered at once, also while a cell runs.
const ts = require("@tslab/typescript-for-tslab");
const { toOffset, toPosition } = require("./cursor.cjs");
const { describeSymbol } = require("./quick-info.cjs");
const { log } = require("./streams.cjs");

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

/** Whether a cell's text could be run as it is, goes on, or is wrong whatever follows. */
function isComplete(code) {
  const source = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, undefined, ts.ScriptKind.TS);
  const diagnostics = source.parseDiagnostics ?? [];
  if (diagnostics.length === 0) return { status: "complete" };
  const end = code.trimEnd().length;
  const goesOn = diagnostics.every(({ code: number, start }) => UNTERMINATED.has(number) || start >= end);
  return goesOn ? { status: "incomplete", indent: "  " } : { status: "invalid" };
}

function inspect(executor, { code, cursor_pos: position }) {
  const info = executor.inspect(code, toOffset(code, position));
  const data = info ? { "text/plain": describeSymbol(info) } : {};
  return { status: "ok", found: Boolean(info), data, metadata: {} };
}

function complete(executor, { code, cursor_pos: position }) {
  const { start, end, candidates } = executor.complete(code, toOffset(code, position));
  const [cursor_start, cursor_end] = [toPosition(code, start), toPosition(code, end)];
  return { status: "ok", cursor_start, cursor_end, matches: candidates, metadata: {} };
}

exports.requestHandlers = function requestHandlers({ server, cells, comms, executor, stop }) {
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

  /** Each request has its own busy and idle; the answer to a completion must not mark the kernel of a running cell as idle. */
  const idle = (message) => {
    server.status("idle", message);
    if (cells.running() !== undefined) server.status("busy", cells.running());
  };

  async function answer(request, type) {
    const content = await Promise.resolve(request.message.content)
      .then(answers[type])
      .catch((error) => ({ status: "error", ename: error.name, evalue: error.message, traceback: [] }));
    const reply = type.replace("_request", "_reply");
    await server.reply(request, reply, content);
    if (reply === "shutdown_reply") server.publish(reply, content, request.message); // every front end hears of it
    idle(request.message);
    if (type === "shutdown_request") await stop();
  }

  return {
    receive(request) {
      const { message } = request;
      const { msg_type: type } = message.header;
      if (type === "execute_request") return cells.add(request);
      server.status("busy", message);
      if (Object.hasOwn(answers, type)) return void answer(request, type);
      // A front end sends its next change only after this "idle", so a handler that goes on does not hold it back.
      if (Object.hasOwn(comms.receive, type)) comms.receive[type](message);
      else log(`${type}: not a message that this kernel knows`);
      idle(message);
    },
  };
};
