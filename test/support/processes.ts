import { livesHere } from "../../src/disk/holder";
import { until } from "./until";

/** Whether a process of this machine runs, whenever it began: one that nobody has asked for its status is over as well. */
export const runs = (pid: number): boolean => livesHere({ pid, processStart: null });

/** Whether a process ends; 20 s at most. */
export async function ends(pid: number): Promise<boolean> {
  await until(`process ${pid} ends`, () => !runs(pid), 20_000).catch(() => undefined);
  return !runs(pid);
}
