// The notebook kernel: tslab's TypeScript executor behind a Jupyter server of the project's own.
// Started by Jupyter (jupyter/kernels/tslab/kernel.json) and by run-notebook.ts: node kernel.cjs CONNECTION-FILE
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const { parentNow } = require("./kernel/parent.cjs");
const parent = parentNow(process.env); // before anything that takes time: it may end meanwhile
/** @type {import("./kernel/protocol.cjs").Connection} */
const connection = JSON.parse(fs.readFileSync(process.argv[2] ?? "", "utf8"));
// Its key is nobody else's business, and who made the folder for it may be gone before this kernel answers.
if (connection.own_folder === true) fs.rmSync(path.dirname(process.argv[2] ?? ""), { recursive: true, force: true });
// tslab compiles only the .ts files under its working folder, and Jupyter starts a kernel in the notebook's folder.
process.chdir(path.resolve(__dirname, "../.."));
const root = process.cwd();
const sources = require("./kernel/source-maps.cjs").createSourceMaps(root);
const files = require("./kernel/compiler.cjs").useProjectOptions(sources.remember, root);

const { createExecutor } = require("tslab/dist/executor.js");
const { tieTimers } = require("./kernel/cell-timers.cjs");
const { TARGET, createCellRuns } = require("./kernel/cell-runs.cjs");
const { createCells } = require("./kernel/cells.cjs");
const { createComms } = require("./kernel/comms.cjs");
const { markCell, startControl, whileCompiling } = require("./kernel/control.cjs");
const { createKernelConverter } = require("./kernel/converter.cjs");
const { createDeclarations } = require("./kernel/declarations.cjs");
const { guardExit } = require("./kernel/exit.cjs");
const { BLOCKED_MS, createInterrupts } = require("./kernel/interrupts.cjs");
const { createLastWords } = require("./kernel/last-words.cjs");
const { createOwners } = require("./kernel/owners.cjs");
const { installRegistry } = require("./kernel/registry.cjs");
const { requestHandlers } = require("./kernel/requests.cjs");
const { startServer } = require("./kernel/server.cjs");

/** How long open models have to end what they compute. */
const DISPOSE_MS = 2000;

const declarations = createDeclarations(() => executor.locals);
const converter = createKernelConverter({ root, files, sources, declarations, compiling: whileCompiling });
/** @type {import("./kernel/protocol.cjs").SaidBy} */
const said = { log: () => undefined, error: () => undefined };
const executor = createExecutor(
  root,
  { node: converter, browser: converter, close: () => converter.close() },
  {
    log: (/** @type {unknown} */ value) => said.log(value),
    error: (/** @type {unknown[]} */ ...args) => said.error(...args),
  },
);
// Node would write the cell's compiled line into an error's stack, and ask the error for it where a loop in the answer cannot be ended.
const { runInThisContext } = vm;
vm.runInThisContext = (/** @type {string} */ code, /** @type {Parameters<typeof runInThisContext>[1]} */ options) =>
  runInThisContext(code, { ...(typeof options === "object" ? options : {}), displayErrors: false });
// Cells find their variables by this name; one that takes it would end all others.
Object.defineProperty(globalThis, "__tslab__", { writable: false, configurable: false });
const interrupts = createInterrupts(() => executor.interrupt(), markCell);
const owners = createOwners(sources.ownerOf);
sources.install();
guardExit(sources.hasSource);
/** @type {import("./kernel/protocol.cjs").Cells["complain"]} */
let complain = (/** @type {string} */ how, /** @type {unknown} */ error) => console.error(how, error);
const timers = tieTimers(
  owners,
  (/** @type {unknown} */ error, /** @type {import("./kernel/protocol.cjs").Cell | undefined} */ cell) =>
    complain("An error in a timer:", error, cell),
);
const registry = installRegistry(interrupts, timers);

async function main() {
  const { onSignal } = interrupts;
  const giveUp = () => {
    listenForSignal();
    owners.reset();
    interrupts.giveUp();
    handlers.giveUp();
  };
  const control = await startControl(connection, { blockedMs: BLOCKED_MS, parent, onSignal, giveUp });
  let ending = () => control.closeNow();
  process.on("exit", () => ending());
  const lastWords = createLastWords(connection.last_words);
  const server = await startServer(connection, control, lastWords);
  const cells = createCells({
    server,
    executor,
    interrupts,
    registry,
    said,
    sources,
    declarations,
    owners,
    root,
    lastWords,
  });
  ending = () => {
    server.sendNow();
    control.closeNow();
  };
  complain = cells.complain;
  const comms = createComms(server, cells.current, (/** @type {unknown} */ error) =>
    complain("An error in a handler:", error),
  );
  registry.comms = comms.api;
  const runs = createCellRuns();
  server.onPublished(runs);
  comms.api.onOpened(TARGET, runs.answer);
  const handlers = requestHandlers({ server, cells, comms, executor, stop });
  server.listen(handlers);

  listenForSignal();
  process.on("SIGTERM", () => stop(143));
  // In a reaction of its own: an error may never end to describe itself, and inside Node's callback it could not be stopped.
  const report = (/** @type {string} */ how) => (/** @type {unknown} */ error) =>
    void Promise.resolve().then(() => complain(how, error));
  process.on("uncaughtException", report("An error that nothing caught:"));
  process.on("unhandledRejection", report("An error in a promise that nothing awaited:"));

  /** Open models first: a thread that computes when its process ends takes it down with an error. */
  async function stop(status = 0) {
    await Promise.race([registry.disposeAll(), new Promise((resolve) => setTimeout(resolve, DISPOSE_MS))]);
    executor.close();
    await server.close();
    ending = () => undefined;
    process.exit(status);
  }

  /** Node takes the listener away while a cell's code runs, and does not put it back when that is ended from outside. */
  function listenForSignal() {
    process.off("SIGINT", onSignal);
    process.on("SIGINT", onSignal);
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
