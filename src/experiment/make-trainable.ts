import { fail } from "../check/check";
import type { LoadedModel } from "../engine/load-model";
import { oneTokenWords } from "../task/label-tokens";
import { readingOf } from "../task/reading";
import type { Task } from "../task/task";
import { makeChatProblem } from "./chat-problem";
import { makeOptionProblem } from "./option-problem";
import type { OptionProblem } from "./option-problem";
import { makeProblem } from "./problem";
import type { Problem } from "./problem";
import { checkProblemOptions } from "./problem-options";

/**
 * Makes a task of any kind a problem: `makeProblem` for classes, `makeOptionProblem` for options, texts to write, and classes whose label
 * words are several tokens after the prompt; `makeChatProblem` for conversations.
 * @throws as they do, when an option is unknown, and when a fitted readout is asked for where nothing is read off
 */
export function makeTrainable(
  ...[loaded, from, options, openFrozen, writing]: [
    ...Parameters<typeof makeProblem>,
    Parameters<typeof makeOptionProblem>[3]?,
  ]
): Promise<Problem | OptionProblem> {
  const { task } = from;
  if (task === undefined) fail("task", "a task with its texts: await openTask(...) of its name, or of tableTask(...)", from); // prettier-ignore
  checkProblemOptions(options);
  const byRows = readsClasses(task, loaded);
  const { readout } = options;
  if (!byRows && readout !== undefined && readout !== "prototypes")
    fail("readout", `none for ${task.name}, ${task.kind === "chat" ? "of whose conversations every token is scored" : "whose options are scored whole"}`, readout); // prettier-ignore
  if (task.kind === "chat") return makeChatProblem(loaded, from, options);
  if (byRows) return makeProblem(loaded, from, options, openFrozen);
  return makeOptionProblem(loaded, from, options, writing);
}

/** Says whether a model reads a task's classes off its features, by a row each: elsewhere options are scored whole, and there is no readout to fit. */
export function readsClasses(task: Task, { model, tokenizer }: Pick<LoadedModel, "model" | "tokenizer">): boolean {
  return (
    task.kind === "classification" && (readingOf(task, model) !== "causal" || oneTokenWords(task, "causal", tokenizer))
  );
}
