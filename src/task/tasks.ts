import { fail } from "../check/check";
import { sst2 } from "./sst2";
import type { Task } from "./task";
import { trec } from "./trec";

/** The tasks this project knows, by name. */
export const tasks: readonly Task[] = [trec, sst2];

/** @throws when there is no task of that name, listing those there are */
export function taskNamed(name: string): Task {
  return (
    tasks.find((task) => task.name === name) ?? fail("task", `one of ${tasks.map((t) => t.name).join(", ")}`, name)
  );
}
