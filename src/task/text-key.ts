import type { Example, Task } from "./task";

/** Two examples with equal keys are the same text: the prompt in lower case with runs of white space made one space. */
export function textKey(task: Task, example: Example): string {
  return task.prompt(example.fields).toLowerCase().replace(/\s+/g, " ").trim();
}
