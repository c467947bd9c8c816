import type { LoadedTask } from "../../src/task/loaded-task";
import { optionTexts } from "../../src/task/options";
import { promptText } from "../../src/task/reading";
import type { Example, Task } from "../../src/task/task";

/** How many texts of each class train has, and how many the other splits have. */
export interface MadeSizes {
  readonly perClass: number;
  readonly other: number;
}

/** Texts of a few words for every field of a task. */
export function madeTexts(task: Task, { perClass, other }: MadeSizes): LoadedTask {
  const classes = task.kind === "classification" ? task.labels.length : 2;
  const part = (from: number, count: number) => Array.from({ length: count }, (_, i) => exampleOf(task, from + i));
  const rest = part(100, other);
  return {
    task,
    splits: { train: part(0, perClass * classes), validation: rest, test: rest },
    origin: { kind: "samples", description: `${task.name}, made`, hash: "0" },
    notices: [],
  };
}

function exampleOf(task: Task, i: number): Example {
  const classes = task.kind === "classification" ? task.labels.length : 2;
  return {
    fields: Object.fromEntries(Object.keys(task.fields).map((field) => [field, `${field[0]} ${i} so`])),
    label: task.kind === "generation" ? 0 : i % classes,
    ...(task.name === "record" && { candidates: ["a", `b${i}`], answers: [["a", `b${i}`][i % 2]] }),
    ...(task.kind === "generation" && { answers: [String(i)] }),
    group: String(i >> 1),
    where: { file: "made", line: i + 1 },
  };
}

/**
 * The words of a task's causal prompts and options, with the space before them: for a vocabulary in which its texts are short.
 * @example causalWords(sst2) // ["s", " so", " It", " was", " terrible", " great"]
 */
export function causalWords(task: Task): readonly string[] {
  if (task.kind === "classification" && task.causal === null) return [];
  const example = exampleOf(task, 0);
  const texts = [promptText(task, "causal", example), ...optionTexts(task, example)];
  return [...new Set(texts.flatMap((text) => text.match(/ ?\p{L}+/gu) ?? []))];
}
