import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { readFileSync } from "node:fs";
import type { Origin } from "../table/origin";

/**
 * Gives the project's commit, with "+changes" when the working tree differs; "unknown" outside a git checkout.
 * For example `commitNow()`: "fa4fc44".
 */
export function commitNow(): string {
  try {
    const git = (...words: string[]): string =>
      execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    const commit = git("rev-parse", "--short=7", "HEAD");
    return git("status", "--porcelain", "--untracked-files=no", "--", "src") === "" ? commit : `${commit}+changes`;
  } catch {
    return "unknown";
  }
}

/**
 * Gives the origin of numbers that a cell measures now: today's date and the project's commit.
 * For example `measuredNow({ model: "fresh adapters", data: "normal activations", seeds: [0] })`.
 */
export function measuredNow(what: {
  readonly model: string;
  readonly data: string;
  readonly seeds: readonly number[];
}): Origin {
  return { kind: "measured", date: new Date().toISOString().slice(0, 10), commit: commitNow(), ...what };
}

/** Vector instructions that decide how fast and in which order sums are made. */
const TOLD = ["avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile"];

/** Gives processor, cores and instruction set, for records: "AMD EPYC, 2 cores, avx2 avx512f". */
export function machineNow(): string {
  const [first, ...others] = cpus();
  let flags: readonly string[] = [];
  try {
    flags = /^flags\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" ") ?? [];
  } catch {
    // Only Linux tells its instruction set this way.
  }
  const model = (first?.model ?? process.arch).trim();
  return `${model}, ${others.length + 1} cores, ${TOLD.filter((flag) => flags.includes(flag)).join(" ") || process.arch}`;
}
