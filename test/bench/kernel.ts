import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { startKernel, type KernelClient } from "../../src/notebook/kernel-client";
import type { BenchOptions } from "./options";
import type { Report } from "./report";
import { median, seconds, timed } from "./timing";

interface Measured {
  readonly ready: number;
  readonly firstReply: number;
  readonly idle: number;
  readonly firstImport: number;
  readonly again: number;
  readonly afterEdit: number;
  readonly afterExport: number;
  readonly trivial: number;
  readonly withSrc: number;
}

/** A file that many others import: all that import it are run again after an edit. */
const edited = "src/check/check.ts";
const importing = 'import * as adazeta from "./src/index";';

/** How long a person waits for the notebook kernel, and what it holds in memory. */
export async function kernelBench({ rounds = 5 }: BenchOptions): Promise<Report> {
  rmSync(".cache/cells", { recursive: true, force: true });
  const never = await withKernel(async (kernel) => cellTime(kernel, importing));
  const found: Measured[] = [];
  for (let i = 0; i < rounds; i++) found.push(await measure());
  const setUp = await timed(async () =>
    execFileSync(process.execPath, ["scripts/start.mjs", "--set-up-only"], { stdio: "ignore" }),
  );
  const of = (pick: (measured: Measured) => number): string => seconds(found.map(pick));
  const memory = (pick: (measured: Measured) => number): string => `${median(found.map(pick)).toFixed(0)} MiB`;
  return {
    title: "Notebook kernel",
    tables: [
      {
        caption: `A kernel of its own each time, ${rounds} times: median (smallest to largest) in seconds. The operating system's file cache is warm throughout.`,
        head: ["what", "seconds", "goal"],
        rows: [
          ["start, until it answers", of(({ ready }) => ready), ""],
          ["start to the reply of a first cell, `1`", of(({ firstReply }) => firstReply), "3"],
          [`first \`${importing}\` in a new kernel, after set-up`, of(({ firstImport }) => firstImport), "5"],
          ["the same import again", of(({ again }) => again), "2"],
          [`the same after a line more inside ${edited}`, of(({ afterEdit }) => afterEdit), "2"],
          [`the same after ${edited} exports a name more`, of(({ afterExport }) => afterExport), ""],
          [
            "first import where nothing of src was ever compiled, neither by set-up nor by a cell (once)",
            seconds([never]),
            "",
          ],
          ["then `1 + 1`", of(({ trivial }) => trivial), "0.05"],
          ["`npm start` where all is installed, up to JupyterLab's own start (once)", seconds([setUp]), "5"],
        ],
      },
      {
        caption: `Resident memory of the idle kernel, all its threads, median of ${rounds}.`,
        head: ["when", "memory"],
        rows: [
          ["after the first cell", memory(({ idle }) => idle)],
          ["after the imports of src", memory(({ withSrc }) => withSrc)],
        ],
      },
    ],
    notes: [],
  };
}

/** Resident memory of a process in MiB, as Linux counts it. */
const residentMemory = (process: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${process}/status`, "utf8"))?.[1]) / 1024;

async function withKernel<T>(use: (kernel: KernelClient, started: number) => Promise<T>): Promise<T> {
  const started = performance.now();
  const kernel = await startKernel();
  try {
    return await use(kernel, started);
  } finally {
    await kernel.close();
  }
}

const cellTime = (kernel: KernelClient, code: string): Promise<number> =>
  timed(async () => {
    const { content } = await kernel.execute(code);
    if (content["status"] !== "ok")
      throw new Error(`kernel: ${String(content["ename"])}: ${String(content["evalue"])}`);
  });

function measure(): Promise<Measured> {
  return withKernel(async (kernel, started) => {
    const ready = performance.now() - started;
    const cell = (code: string): Promise<number> => cellTime(kernel, code);
    await cell("1");
    const firstReply = performance.now() - started;
    const idle = residentMemory(kernel.process.pid ?? 0);
    const firstImport = await cell(importing);
    const again = await cell(importing);
    const text = readFileSync(edited, "utf8");
    const afterSaving = (changed: string): Promise<number> => {
      writeFileSync(edited, changed);
      return cell(importing);
    };
    try {
      const afterEdit = await afterSaving(text.replace("throw new", "void 0;\n  throw new"));
      const afterExport = await afterSaving(`${text}\nexport const oneMore = 1;\n`);
      const trivial = median([await cell("1 + 1"), await cell("1 + 1"), await cell("1 + 1")]);
      const withSrc = residentMemory(kernel.process.pid ?? 0);
      return { ready, firstReply, idle, firstImport, again, afterEdit, afterExport, trivial, withSrc };
    } finally {
      await afterSaving(text);
    }
  });
}
