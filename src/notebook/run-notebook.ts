/**
 * Executes a notebook without Jupyter and writes it with its outputs.
 *   npm run notebook -- notebooks/00-quickstart.ipynb [--out FILE] [--set name=value ...]
 *   npm run notebook -- notebooks/00-quickstart.ipynb --format     executes nothing; writes the file as JupyterLab would save it
 * Ends with status 1 at the first error, 130 when stopped by Ctrl-C; what was computed until then is written in each case, and after each cell. Before the
 * first cell nothing is written.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { commandLine } from "./command-line";
import { executeNotebook, namedKernel, type CellEvent } from "./execute-notebook";
import { readNotebook, writeNotebook } from "./notebook-file";

interface Command {
  readonly file: string;
  readonly out: string;
  readonly set: Readonly<Record<string, unknown>>;
  readonly format: boolean;
}

/** What a process that ends by a signal has as its status. */
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

const usage = "npm run notebook -- FILE.ipynb [--out FILE] [--set name=value ...] | FILE.ipynb --format";

/** `3e-4` is a number, `[1,2]` an array, `true` a truth value; anything else is text. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function command(args: readonly string[]): Command {
  const set: Record<string, unknown> = {};
  let file: string | undefined;
  let out: string | undefined;
  let format = false;
  for (let at = 0; at < args.length; at++) {
    const [name, inline] = (args[at] ?? "").split(/=(.*)/s);
    const value = (): string => inline ?? args[++at] ?? "";
    if (name === "--out") out = value();
    else if (name === "--format") format = true;
    else if (name === "--set") {
      const [key, text] = value().split(/=(.*)/s);
      if (!key || text === undefined) throw new Error("--set: expected name=value");
      set[key] = valueOf(text);
    } else if (args[at]?.startsWith("-") === true) throw new Error(`${args[at]}: unknown option. ${usage}`);
    else if (file === undefined) file = args[at];
    else throw new Error(`${args[at]}: expected one notebook. ${usage}`);
  }
  if (file === undefined) throw new Error(usage);
  if (!existsSync(file)) throw new Error(`${file}: there is no such file`);
  const folder = path.dirname(path.resolve(out ?? file));
  if (!existsSync(folder)) throw new Error(`--out ${out}: there is no folder ${folder} to write it to`);
  return { file, out: out ?? file, set, format };
}

const firstLine = (code: string): string => {
  const line =
    code.split("\n").find((text) => text.trim() !== "" && !text.startsWith("import ")) ?? code.split("\n")[0] ?? "";
  return line.length > 70 ? `${line.slice(0, 67)}...` : line;
};

function showCell({ kind, cell, cells, code, seconds }: CellEvent): void {
  process.stdout.write(kind === "start" ? `[${cell}/${cells}] ${firstLine(code)}` : ` (${seconds.toFixed(1)} s)\n`);
}

async function main(args: readonly string[]): Promise<number> {
  const { file, out, set, format } = command(args);
  if (format) {
    writeNotebook(out, await namedKernel(readNotebook(file)));
    process.stdout.write(`wrote ${out}\n`);
    return 0;
  }
  const controller = new AbortController();
  let save = (): void => undefined;
  let stoppedBy = 130;
  for (const [signal, status] of Object.entries(STATUS))
    process.on(signal, () => {
      stoppedBy = status;
      if (controller.signal.aborted) {
        save();
        process.exit(status); // the kernel sees that its parent is gone
      }
      process.stderr.write("\nstopping the cell (again: stop at once)\n");
      controller.abort();
    });
  const inherited = valueOf(process.env["ADAZETA_SET"] ?? "{}") as object;
  const env = { ADAZETA_SET: JSON.stringify({ ...inherited, ...set }) };
  const { error, stopped } = await executeNotebook(readNotebook(file), {
    env,
    onCell(event) {
      showCell(event);
      if (event.kind === "end") save();
    },
    onStart: (soFar) => (save = () => writeNotebook(out, soFar())),
    signal: controller.signal,
    onLog: (text) => process.stderr.write(text),
  });
  save();
  if (error !== undefined) {
    process.stderr.write(`${file}: cell ${error.cell}: ${error.name}: ${error.message}\n`);
    const rest = error.traceback.slice(1);
    const text = rest.join("\n");
    if (rest.length > 0) process.stderr.write(`${process.stderr.isTTY ? text : stripVTControlCharacters(text)}\n`);
  } else if (!stopped) process.stdout.write(`wrote ${out}\n`);
  return stopped ? stoppedBy : error === undefined ? 0 : 1;
}

commandLine({ usage: `usage: ${usage}`, main });
