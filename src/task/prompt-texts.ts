import type { Tokenizer } from "../text/tokenizer";
import type { LengthLimits } from "./encode";
import { encodePrompts } from "./options";
import { promptText } from "./reading";
import type { Example, Task } from "./task";

/** A prompt that is to be continued, and the row that it was made of. */
export interface PromptText {
  readonly ids: readonly number[];
  readonly prompt: string;
  readonly row: PromptRow;
}

/** A row as a reward sees it: the task's fields by name, as the texts that stand in a prompt, and beside them the accepted answers or the class, where the task has some. */
export type PromptRow = Readonly<Record<string, unknown>>;

/**
 * Gives examples as prompts to be continued by so many new tokens at most.
 * For example `promptTexts(squad, examples, tokenizer, { context: 2048 }, 50)[0].row["question"]`.
 * @throws when a prompt does not fit and may not be cut, with file and line
 */
export function promptTexts(
  task: Task,
  examples: readonly Example[],
  tokenizer: Tokenizer,
  limits: LengthLimits,
  newTokens: number,
): readonly PromptText[] {
  const { prompts } = encodePrompts(task, examples, tokenizer, limits, newTokens);
  return examples.map((example, i) => ({
    ids: prompts[i],
    prompt: promptText(task, "causal", example),
    row: rowOf(task, example),
  }));
}

function rowOf(task: Task, { fields, label, answers, candidates }: Example): PromptRow {
  return {
    ...fields,
    ...(task.kind === "classification" && { label: task.labels[label] }),
    ...(answers !== undefined && { answers }),
    ...(candidates !== undefined && { candidates }),
  };
}
