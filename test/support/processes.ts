import { readText } from "../../src/disk/read-text";
import { until } from "./until";

/** Whether a process of Linux runs: one that nobody has asked for its status is over as well. */
export function runs(pid: number): boolean {
  const stat = readText(`/proc/${pid}/stat`);
  return stat !== null && !/\) [ZX] /.test(stat);
}

/** Whether a process ends; 20 s at most. */
export async function ends(pid: number): Promise<boolean> {
  await until(`process ${pid} ends`, () => !runs(pid), 20_000).catch(() => undefined);
  return !runs(pid);
}
