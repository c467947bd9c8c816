import { readFileSync } from "node:fs";
import { startKernel, type KernelClient, type KernelOptions } from "./kernel-client";
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

export interface Executed {
  readonly notebook: NotebookFile;
  readonly error: CellError | undefined;
  readonly stopped: boolean;
}

export interface ExecuteOptions extends KernelOptions {
  readonly onCell?: (event: CellEvent) => void;
  /** The first abort interrupts the running cell, and no other is started. */
  readonly signal?: AbortSignal;
  readonly now?: () => number;
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

/** The notebook as it is, with what it says of its kernel: for a file that was written by other hands. */
export async function namedKernel(notebook: NotebookFile, options: KernelOptions = {}): Promise<NotebookFile> {
  const kernel = await startKernel(options);
  try {
    return { ...notebook, metadata: { ...notebook.metadata, ...(await kernelMetadata(kernel)) } };
  } finally {
    await kernel.close();
  }
}

/** Executes a notebook's code cells in a new kernel, top to bottom, up to the first error; the outputs are those of this run. */
export async function executeNotebook(notebook: NotebookFile, options: ExecuteOptions = {}): Promise<Executed> {
  const { onCell = () => undefined, signal, now = Date.now } = options;
  const cells = notebook.cells.filter((cell) => cell.cell_type === "code");
  let outputs: readonly (readonly Output[])[] = cells.map(() => []);
  let error: CellError | undefined;
  let metadata = notebook.metadata;

  const kernel = await startKernel(options);
  const interrupt = (): void => kernel.interrupt();
  signal?.addEventListener("abort", interrupt);
  try {
    metadata = { ...metadata, ...(await kernelMetadata(kernel)) };
    for (const [at, cell] of cells.entries()) {
      if (signal?.aborted === true) break;
      const code = sourceOf(cell);
      if (code.trim() === "") continue;
      const started = now();
      const event = { cell: at + 1, cells: cells.length, code };
      onCell({ kind: "start", ...event, seconds: 0 });
      const { content } = await kernel.execute(code, (message) => (outputs = withMessage(outputs, at, message)));
      onCell({ kind: "end", ...event, seconds: (now() - started) / 1000 });
      if (content["status"] === "ok") continue;
      const { ename, evalue, traceback = [] } = content;
      error = { cell: at + 1, name: String(ename), message: String(evalue), traceback: traceback as readonly string[] };
      break;
    }
  } finally {
    signal?.removeEventListener("abort", interrupt);
    await kernel.close();
  }

  const withOutputs = (cell: NotebookCell): NotebookCell => {
    const at = cells.indexOf(cell);
    return at < 0 ? cell : { ...cell, outputs: outputs[at] ?? [] };
  };
  return {
    notebook: { ...notebook, metadata, cells: notebook.cells.map(withOutputs) },
    error,
    stopped: signal?.aborted === true,
  };
}
