import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchOptions } from "./options";
import type { Report } from "./report";
import { THREADS } from "./subject";
import { median, seconds } from "./timing";

interface Opened {
  readonly before: number;
  readonly modelOpened: number;
  readonly plainOpened: number;
  readonly dualOpened: number;
  readonly plain: { readonly now: number; readonly peak: number };
  readonly dual: { readonly now: number; readonly peak: number };
}

/** Import time of src, time to open a model, and memory of a process that has one open. */
export async function importBench({ rounds = 5 }: BenchOptions): Promise<Report> {
  const folders: string[] = [];
  const folder = (): string => {
    folders.push(mkdtempSync(join(tmpdir(), "adazeta-bench-")));
    return folders.at(-1)!;
  };
  const each = async <T>(count: number, work: () => Promise<T> | T): Promise<readonly T[]> => {
    const found: T[] = [];
    for (let i = 0; i < count; i++) found.push(await work());
    return found;
  };
  try {
    const imported = (temporary: string): number =>
      Number(run("test/bench/import-once.ts", [], { ...process.env, TMPDIR: temporary }));
    const shared = folder();
    imported(shared);
    const cold = await each(rounds, () => imported(folder()));
    const warm = await each(rounds, () => imported(shared));
    const open = (cache: string): Opened => JSON.parse(run("test/bench/open-once.ts", [cache], process.env)) as Opened;
    const first = open(folder());
    const opened = await each(rounds, () => open(".cache/onnx"));
    const of = (pick: (found: Opened) => number): readonly number[] => opened.map(pick);
    const mebibytes = (values: readonly number[]): string => `${median(values).toFixed(0)} MiB`;
    return {
      title: "Import, opening, memory",
      tables: [
        {
          caption: `Each in a process of its own, ${rounds} times: median (smallest to largest) in seconds. The operating system's file cache is warm throughout.`,
          head: ["what", "seconds"],
          rows: [
            ['import("./src/index") under tsx, nothing compiled yet', seconds(cold)],
            ["the same, compiled form cached by tsx", seconds(warm)],
            ["SmolLM2: header, tokenizer", seconds(of(({ modelOpened }) => modelOpened))],
            [
              "SmolLM2 on the engine, plain graph, first time ever (weights are written to the cache; once)",
              seconds([first.plainOpened]),
            ],
            ["SmolLM2 on the engine, plain graph, weights in the cache", seconds(of(({ plainOpened }) => plainOpened))],
            ["SmolLM2 on the engine, dual graph, when first used", seconds(of(({ dualOpened }) => dualOpened))],
          ],
        },
        {
          caption: `Resident memory of a process with SmolLM2-135M and tensor-train adapters, 16 texts, ${THREADS} threads, median of ${rounds}.`,
          head: ["when", "now", "peak"],
          rows: [
            ["before (code only)", mebibytes(of(({ before }) => before)), ""],
            [
              "after two-sided passes",
              mebibytes(of(({ plain }) => plain.now)),
              mebibytes(of(({ plain }) => plain.peak)),
            ],
            [
              "after directional passes as well",
              mebibytes(of(({ dual }) => dual.now)),
              mebibytes(of(({ dual }) => dual.peak)),
            ],
            [
              "first time ever (weights written)",
              `${first.plain.now.toFixed(0)} MiB`,
              `${first.plain.peak.toFixed(0)} MiB`,
            ],
          ],
        },
      ],
      notes: ["SmolLM2's frozen linear layers are 106 million numbers: 405 MiB in fp32, mapped from the weight file."],
    };
  } finally {
    for (const name of folders) rmSync(name, { recursive: true, force: true });
  }
}

function run(entry: string, args: readonly string[], env: NodeJS.ProcessEnv): string {
  return execFileSync(process.execPath, ["--import", "tsx", entry, ...args], { env, encoding: "utf8" });
}
