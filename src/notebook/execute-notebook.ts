import { readFileSync } from "node:fs";
import { messageOf } from "../check/error-words";
import { KernelEnded, startKernel, type KernelClient, type KernelOptions } from "./kernel-client";
import { sourceOf, withMessage, type NotebookCell, type NotebookFile, type Output } from "./notebook-file";

/** What happens while a notebook is executed, for a line of progress. */
export interface CellEvent {
  readonly kind: "start" | "end";
  /** 1-based, among code cells. */
  readonly cell: number;
  readonly cells: number;
  readonly code: string;
  readonly seconds: number;
}

/** The first error of a notebook, with the cell it came from (1-based, among code cells). */
export interface CellError {
  readonly cell: number;
  readonly name: string;
  readonly message: string;
  readonly traceback: readonly string[];
}

export interface ExecutedNotebook {
  readonly notebook: NotebookFile;
  readonly error: CellError | undefined;
  readonly stopped: boolean;
}

export interface ExecuteOptions extends KernelOptions {
  readonly onCell?: (event: CellEvent) => void;
  /** The first abort interrupts the running cell, and no other is started. */
  readonly signal?: AbortSignal;
  readonly now?: () => number;
  /**
   * Called when the first cell begins, or there is none, with what gives the notebook with the outputs so far: before it the outputs of an
   * earlier run are as good as they were.
   */
  readonly onStart?: (soFar: () => NotebookFile) => void;
}

/** What a notebook says of the kernel that made its outputs, as JupyterLab writes it. */
async function kernelMetadata(kernel: KernelClient): Promise<object> {
  const spec = JSON.parse(readFileSync("src/notebook/jupyter/kernels/tslab/kernel.json", "utf8")) as KernelSpec;
  const { content } = await kernel.request("kernel_info_request", {});
  const { display_name, language } = spec;
  return { kernelspec: { display_name, language, name: "tslab" }, language_info: content["language_info"] };
}

interface KernelSpec {
  readonly display_name: string;
  readonly language: string;
}

/** Gives the notebook as it is, with what it says of its kernel: for a file that was written by other hands. */
export async function namedKernel(notebook: NotebookFile, options: KernelOptions = {}): Promise<NotebookFile> {
  const kernel = await startKernel(options);
  try {
    return { ...notebook, metadata: { ...notebook.metadata, ...(await kernelMetadata(kernel)) } };
  } finally {
    await kernel.close();
  }
}

/** What timers of the cells may still print after the last one has ended is waited for so long. */
const SETTLE_MS = 2000;
const settle = `await (globalThis as any)[Symbol.for("adazeta.kernel")].settled(${SETTLE_MS});`;

/** How much of its own log stands below the end of a kernel. */
const LOG_LINES = 12;
const NATIVE_FRAME = /^\s*\d+: 0x/;
const tail = (log: string): readonly string[] =>
  log
    .split("\n")
    .filter((line) => line.trim() !== "" && !NATIVE_FRAME.test(line))
    .slice(-LOG_LINES);

/**
 * Executes a notebook's code cells in a new kernel, top to bottom, up to the first error; the outputs are those of this run, what a cell
 * shows after its end included. A kernel that does not start, or ends, is an error of the cell that it happened in, below what that cell
 * had shown.
 */
export async function executeNotebook(notebook: NotebookFile, options: ExecuteOptions = {}): Promise<ExecutedNotebook> {
  const { onCell = () => undefined, signal, now = Date.now, onStart = () => undefined } = options;
  const cells = notebook.cells.filter((cell) => cell.cell_type === "code");
  let outputs: readonly (readonly Output[])[] = cells.map(() => []);
  let error: CellError | undefined;
  let metadata = notebook.metadata;

  /** An error that no cell has shown by itself. */
  const failed = (at: number, message: string, log = ""): void => {
    error = { cell: at + 1, name: "KernelEnded", message, traceback: [message, ...tail(log)] };
    const shown = { output_type: "error", ename: error.name, evalue: message, traceback: error.traceback };
    outputs = outputs.map((own, index) => (index === at ? [...own, shown] : own));
  };
  const withOutputs = (cell: NotebookCell): NotebookCell => {
    const at = cells.indexOf(cell);
    return at < 0 ? cell : { ...cell, outputs: outputs[at] ?? [] };
  };
  const soFar = (): NotebookFile => ({ ...notebook, metadata, cells: notebook.cells.map(withOutputs) });
  const first = cells.findIndex((cell) => sourceOf(cell).trim() !== "");
  const result = (): ExecutedNotebook => ({ notebook: soFar(), error, stopped: signal?.aborted === true });
  if (first < 0) {
    onStart(soFar);
    return result();
  }
  let kernel: KernelClient;
  try {
    kernel = await startKernel(options);
  } catch (problem) {
    failed(first, `the kernel did not start: ${messageOf(problem)}`);
    return result();
  }
  const cellOf = new Map<string, number>(); // id of a request -> the cell that it runs
  let running = false; // whether the kernel has begun the cell: a Stop that comes before it would find nothing to stop
  kernel.onPublished((message) => {
    const at = cellOf.get(message.parent.msg_id ?? "");
    if (at === undefined) return;
    outputs = withMessage(outputs, at, message);
    if (message.header.msg_type !== "execute_input") return;
    running = true;
    if (signal?.aborted === true) kernel.interrupt();
  });
  const interrupt = (): void => void (running && kernel.interrupt());
  signal?.addEventListener("abort", interrupt);
  let last = first;
  let where = "in";
  try {
    metadata = { ...metadata, ...(await kernelMetadata(kernel)) };
    for (const [at, cell] of cells.entries()) {
      if (signal?.aborted === true) break;
      const code = sourceOf(cell);
      if (code.trim() === "") continue;
      if (kernel.ended() !== undefined) break;
      last = at;
      running = false;
      if (at === first) onStart(soFar);
      const started = now();
      const event = { cell: at + 1, cells: cells.length, code };
      onCell({ kind: "start", ...event, seconds: 0 });
      const { content } = await kernel.execute(code, ({ parent }) => cellOf.set(parent.msg_id ?? "", at));
      onCell({ kind: "end", ...event, seconds: (now() - started) / 1000 });
      if (content["status"] === "ok") continue;
      const { ename, evalue, traceback = [] } = content;
      error = { cell: at + 1, name: String(ename), message: String(evalue), traceback: traceback as readonly string[] };
      break;
    }
    where = "after";
    if (signal?.aborted !== true && kernel.ended() === undefined)
      await kernel.execute(settle, undefined, { silent: true, store_history: false });
  } catch (problem) {
    if (!(problem instanceof KernelEnded)) throw problem;
    failed(last, `the kernel ended (${problem.how}) ${where} cell ${last + 1}`, problem.log);
  } finally {
    signal?.removeEventListener("abort", interrupt);
    const end = kernel.ended();
    if (end !== undefined && error === undefined)
      failed(last, `the kernel ended (${end.how}) after cell ${last + 1}`, end.log);
    await kernel.close();
  }
  return result();
}
