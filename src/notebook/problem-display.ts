import type { Trainable } from "../experiment/problem";
import { sampleTable } from "../table/sample";
import { described, promptOf } from "../task/classifier-prompt";
import { readingOf } from "../task/reading";
import { classNames } from "../task/task";
import { title } from "./keep-run";
import { showTable } from "./table-display";

/**
 * Gives what a model is asked, in words: a classification's prompt and the word of each class; of other tasks that it differs by example.
 * For example `askedOf(problem)`: '"{message}. This is a" with bug = " problem", question = " question"'.
 */
export function askedOf({ task, loaded }: Pick<Trainable<unknown>, "task" | "loaded">): string {
  if (task.kind === "chat") return "the conversation so far, as the chat template writes it";
  if (task.kind !== "classification") return "each text's own prompt";
  const reading = readingOf(task, loaded.model);
  const plain = reading === "pooled" ? ", as one vector" : "";
  return `${described(promptOf(task, reading), task.labels)}${plain}`;
}

/** Tells what a problem is made of: texts per class in each part, and as a caption model, data, where they came from and what was left out. */
export function problemTable(problem: Trainable<unknown>) {
  const { sample, task, origin } = problem;
  const { repeated, inTest } = sample.removed;
  const caption = `${title(problem)}; data: ${origin.description}; ${repeated + inTest} repeated texts left out`;
  return [sampleTable(sample, classNames(task)), { caption }] as const;
}

/** Shows what a problem is made of: what is asked, model, data and where they came from, texts per class in each part, and what was left out. */
export function showProblem(problem: Trainable<unknown>): ReturnType<typeof showTable> {
  for (const notice of problem.notices) console.log(`note: ${notice}`);
  console.log(`asked: ${askedOf(problem)}`);
  return showTable(...problemTable(problem));
}
