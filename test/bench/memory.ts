import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** Resident memory of this process in MiB, now and at its peak since `resetPeak`. */
export function residentMemory(): { readonly now: number; readonly peak: number } {
  if (!existsSync("/proc/self/status"))
    return { now: process.memoryUsage().rss / 2 ** 20, peak: process.resourceUsage().maxRSS / 1024 };
  const status = readFileSync("/proc/self/status", "utf8");
  const read = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024;
  return { now: read("VmRSS"), peak: read("VmHWM") };
}

/** Starts the peak anew (Linux; elsewhere the peak is that of the whole process). */
export function resetPeak(): void {
  if (existsSync("/proc/self/clear_refs")) writeFileSync("/proc/self/clear_refs", "5");
}

/** This process's memory in MiB as Linux counts it: the peak, and now what is its own (anonymous) and what is mapped from files. */
export interface ProcessMemory {
  readonly peak: number;
  readonly anonymous: number;
  readonly mapped: number;
}

/** @throws where there is no /proc */
export function processMemory(): ProcessMemory {
  const status = readFileSync("/proc/self/status", "utf8");
  const read = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024;
  return { peak: read("VmHWM"), anonymous: read("RssAnon"), mapped: read("RssFile") };
}
