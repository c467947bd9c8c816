import { fail } from "../check/check";
import { nearestHint } from "../check/nearest";
import { sst2 } from "./defs/sst2";
import { trec } from "./defs/trec";
import type { Task } from "./task";

/** The tasks this project knows, by name. */
export const tasks: readonly Task[] = [trec, sst2];

/** @throws when there is no task of that name, listing those there are */
export function taskNamed(name: string): Task {
  const names = tasks.map((task) => task.name);
  return (
    tasks.find((task) => task.name === name) ??
    fail("task", `one of ${names.join(", ")}${nearestHint(name, names)}`, name)
  );
}
