import { copa } from "../../src/task/defs/copa";
import { squad } from "../../src/task/defs/squad";
import type { LoadedTask } from "../../src/task/loaded-task";
import type { Example, Task } from "../../src/task/task";

function loadedOf(task: Task, exampleAt: (i: number) => Omit<Example, "where">): LoadedTask {
  const part = (from: number, count: number): readonly Example[] =>
    Array.from({ length: count }, (_, i) => ({ ...exampleAt(from + i), where: { file: "made", line: i + 1 } }));
  return {
    task,
    splits: { train: part(0, 20), validation: part(20, 8), test: null },
    origin: { kind: "samples", description: `${task.name}, made`, hash: "0" },
    notices: [],
  };
}

/** Twenty-eight weathers, each with two options of which one is right. */
export const choices = loadedOf(copa, (i) => ({
  fields: { premise: `It was ${i} and rained.`, first: `It got ${i}.`, second: "We stayed dry.", question: "effect" },
  label: i % 2,
}));
/** As many questions whose answer is a number in the paragraph, written in at most four tokens. */
export const questions = loadedOf({ ...squad, newTokens: 4 }, (i) => ({
  fields: { title: "Numbers", context: `The number is ${i} here.`, question: "Which number?" },
  label: 0,
  answers: [String(i)],
}));
