import { fail } from "../check/check";
import type { LoadedTask } from "../task/loaded-task";
import { promptText, wordsOf } from "../task/reading";
import type { Example, Reading, Task } from "../task/task";
import { tableOf } from "../table/rows";
import { showTable } from "./table-display";

/**
 * Shows the first training example of each task as a model reads it, to the character (line ends as ↵), and what may follow: label words, the
 * example's own options, or its accepted answers.
 * For example `showPrompts([await openTask("sst2")], "masked")`: <s>... It was<mask>.</s> | " terrible", " great".
 * @param longest prompts are shown up to so many characters; default 300
 * @param loaded those that are null are left out
 * @throws when a task has no training examples or no such reading
 */
export function showPrompts(loaded: readonly (LoadedTask | null)[], reading: Reading, longest: number = 300): void {
  const there = loaded.filter((each): each is LoadedTask => each !== null);
  if (there.length === 0) return;
  const rows = there.map(({ task, splits }) => {
    const example = splits.train?.[0] ?? fail(`task ${task.name}`, "a training example", "none");
    const text = (task.kind === "chat" ? example.fields["conversation"]! : promptText(task, reading, example)).replace(
      /\n/g,
      "↵",
    );
    const shown = text.length > longest ? `... ${text.slice(-longest)}` : text;
    return { task: task.title, prompt: shown, "what may follow": followers(task, reading, example).join(" | ") };
  });
  const from = there.map(({ origin }) => origin.description).join("; ");
  showTable(tableOf(rows), { caption: `the first training example of each; ${from}` });
}

function followers(task: Task, reading: Reading, example: Example): readonly string[] {
  const quoted = (texts: readonly string[]): readonly string[] => texts.map((text) => JSON.stringify(text));
  switch (task.kind) {
    case "classification":
      return reading === "pooled" ? task.labels : quoted(wordsOf(task, reading));
    case "choice":
      return quoted(task.options(example).map(({ text }) => text));
    case "generation":
      return [quoted([task.answer(example)])[0]!, "(learnt in training)"];
    case "chat":
      return [
        "(the assistant's turns are learnt, each after what is before it, as the model's chat template writes them)",
      ];
  }
}
