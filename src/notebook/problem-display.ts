import type { Trainable } from "../experiment/problem";
import { sampleTable } from "../table/sample";
import { described, promptOf } from "../task/classifier-prompt";
import { readingOf } from "../task/reading";
import { classNames } from "../task/task";
import { title } from "./live-runs";
import { showTable } from "./table-display";

/**
 * What a model is asked, in words: a classification's prompt and the word of each class; of other tasks that it differs by example.
 * @example askedOf(problem) // '"{message}. This is a" with bug = " problem", question = " question"'
 */
export function askedOf({ task, loaded }: Pick<Trainable<unknown>, "task" | "loaded">): string {
  if (task.kind !== "classification") return "each text's own prompt";
  const reading = readingOf(task, loaded.model);
  const plain = reading === "pooled" ? ", as one vector" : "";
  return `${described(promptOf(task, reading), task.labels)}${plain}`;
}

/** Shows what a problem is made of: what is asked, model, data and where they came from, texts per class in each part, and what was left out. */
export function showProblem(problem: Trainable<unknown>): ReturnType<typeof showTable> {
  const { sample, task, origin, notices } = problem;
  for (const notice of notices) console.log(`note: ${notice}`);
  console.log(`asked: ${askedOf(problem)}`);
  const { repeated, inTest } = sample.removed;
  const caption = `${title(problem)}; data: ${origin.description}; ${repeated + inTest} repeated texts left out`;
  return showTable(sampleTable(sample, classNames(task)), { caption });
}
