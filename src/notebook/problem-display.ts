import type { Trainable } from "../experiment/problem";
import { sampleTable } from "../table/sample";
import { classNames } from "../task/task";
import { title } from "./live-runs";
import { showTable } from "./table-display";

/** Shows what a problem is made of: model, data and where they came from, texts per class in each part, and what was left out. */
export function showProblem(problem: Trainable<unknown>): ReturnType<typeof showTable> {
  const { sample, task, origin, notices } = problem;
  for (const notice of notices) console.log(`note: ${notice}`);
  const { repeated, inTest } = sample.removed;
  const caption = `${title(problem)}; data: ${origin.description}; ${repeated + inTest} repeated texts left out`;
  return showTable(sampleTable(sample, classNames(task)), { caption });
}
