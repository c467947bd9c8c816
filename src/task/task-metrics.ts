import { fail, sameLength, unreachable } from "../check/check";
import { exactMatch, meanOverAnswers, tokenF1 } from "./answer-metrics";
import { choiceAccuracy, groupExactMatch } from "./group-metrics";
import { accuracy, f1, macroF1, matthews } from "./metrics";
import { rightOptions } from "./options";
import type { Example, MetricName, Task } from "./task";

/** What a model answered: classes, chosen options (by index), or texts of its own. */
export type Answers =
  | { readonly kind: "classes"; readonly predictions: readonly number[] }
  | { readonly kind: "options"; readonly predictions: readonly number[] }
  | { readonly kind: "texts"; readonly texts: readonly string[] };

/**
 * Gives the task's metric and its further ones, by name.
 * For example `taskMetrics(cb, examples, { kind: "classes", predictions })`: { accuracy: 0.6607, "macro f1": 0.4632 }.
 * @throws when the answers are of another kind than the task's, or not one for each example
 */
export function taskMetrics(
  task: Task,
  examples: readonly Example[],
  answers: Answers,
): Readonly<Partial<Record<MetricName, number>>> {
  const given = answers.kind === "texts" ? answers.texts : answers.predictions;
  sameLength("answers", given.length, examples.length);
  return Object.fromEntries([task.metric, ...task.further].map((name) => [name, one(task, name, examples, answers)]));
}

function one(task: Task, name: MetricName, examples: readonly Example[], answers: Answers): number {
  const labels = examples.map(({ label }) => label);
  switch (answers.kind) {
    case "classes":
      if (task.kind !== "classification") return refused(task, "options or texts", answers.kind);
      return ofClasses(name, answers.predictions, labels, task.labels.length, examples);
    case "options":
      if (task.kind !== "choice") return refused(task, "classes or texts", answers.kind);
      if (name === "accuracy")
        return choiceAccuracy(
          answers.predictions,
          examples.map((e) => rightOptions(task, e)),
        );
      return ofTexts(
        name,
        answers.predictions.map((option, i) => examples[i].candidates?.[option] ?? ""),
        examples,
      );
    case "texts":
      if (task.kind !== "generation") return refused(task, "classes or options", answers.kind);
      return ofTexts(name, answers.texts, examples);
    default:
      return unreachable(answers);
  }
}

function refused(task: Task, expected: string, got: string): never {
  return fail(`answers of ${task.name}`, expected, got);
}

function ofClasses(
  name: MetricName,
  predictions: readonly number[],
  labels: readonly number[],
  classes: number,
  examples: readonly Example[],
): number {
  switch (name) {
    case "accuracy":
      return accuracy(predictions, labels);
    case "f1":
    // SuperGLUE's F1a of MultiRC: over all answers of all questions at once.
    case "answer f1":
      return f1(predictions, labels);
    case "macro f1":
      return macroF1(predictions, labels, classes);
    case "matthews":
      return matthews(predictions, labels);
    case "question exact match":
      return groupExactMatch(predictions, labels, examples.map(groupOf));
    case "token f1":
    case "exact match":
    case "perplexity":
      return fail("metric", "one of classes", name);
    default:
      return unreachable(name);
  }
}

function ofTexts(name: MetricName, texts: readonly string[], examples: readonly Example[]): number {
  const accepted = examples.map(({ answers = [] }) => answers);
  if (name === "token f1") return meanOverAnswers(tokenF1, texts, accepted);
  if (name === "exact match") return meanOverAnswers(exactMatch, texts, accepted);
  return fail("metric", "token f1 or exact match", name);
}

function groupOf({ group, where }: Example): string {
  return group ?? fail(`${where.file} line ${where.line}, group`, "a group", "none");
}
