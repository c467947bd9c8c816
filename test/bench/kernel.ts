import { execFileSync } from "node:child_process";
import { readFileSync, utimesSync } from "node:fs";
import { startKernel } from "../../src/notebook/kernel-client";
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
  readonly trivial: number;
  readonly withSrc: number;
}

/** A file that many others import; it is touched to see what it costs to run again all that import it. */
const edited = "src/check/check.ts";

/** How long a person waits for the notebook kernel, and what it holds in memory. */
export async function kernelBench({ rounds = 5 }: BenchOptions): Promise<Report> {
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
          ['first `import * as adazeta from "./src/index"`', of(({ firstImport }) => firstImport), "5"],
          ["the same import again", of(({ again }) => again), "2"],
          [`the same after ${edited} was saved without a change`, of(({ afterEdit }) => afterEdit), "2"],
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

async function measure(): Promise<Measured> {
  const started = performance.now();
  const kernel = await startKernel();
  try {
    const ready = performance.now() - started;
    const cell = (code: string): Promise<number> =>
      timed(async () => {
        const { content } = await kernel.execute(code);
        if (content["status"] !== "ok")
          throw new Error(`kernel: ${String(content["ename"])}: ${String(content["evalue"])}`);
      });
    await cell("1");
    const firstReply = performance.now() - started;
    const idle = residentMemory(kernel.process.pid ?? 0);
    const code = 'import * as adazeta from "./src/index";';
    const firstImport = await cell(code);
    const again = await cell(code);
    utimesSync(edited, new Date(), new Date());
    const afterEdit = await cell(code);
    const trivial = median([await cell("1 + 1"), await cell("1 + 1"), await cell("1 + 1")]);
    const withSrc = residentMemory(kernel.process.pid ?? 0);
    return { ready, firstReply, idle, firstImport, again, afterEdit, trivial, withSrc };
  } finally {
    await kernel.close();
  }
}
