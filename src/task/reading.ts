import { fail, unreachable } from "../check/check";
import type { Model } from "../model/model";
import type { SpecialName } from "../text/special-tokens";
import { refuseChat } from "./task";
import type { Example, Reading, Task } from "./task";

/**
 * Says how a model reads a task: with a masked-LM head at the mask, with a causal head after the prompt, without a head as one vector.
 * For example `readingOf(sst2, smollm2.model)`: "causal".
 * @throws when the task cannot be read so, naming task and readings
 */
export function readingOf(task: Task, { reading }: Pick<Model, "reading">): Reading {
  return checkReading(task, reading);
}

/** Gives the ways in which a task can be read. */
export function readingsOf(task: Task): readonly Reading[] {
  if (task.kind !== "classification") return ["causal"];
  return (["masked", "causal", "pooled"] as const).filter((reading) => task[reading] !== null);
}

/** Gives the reading again, when the task has it. @throws when it has not */
export function checkReading(task: Task, reading: Reading): Reading {
  const known = readingsOf(task);
  if (known.includes(reading)) return reading;
  return fail(`task ${task.name}`, `a ${describe(reading)} (it has a reading for ${known.join(", ")})`, "none");
}

function describe(reading: Reading): string {
  switch (reading) {
    case "masked":
      return "prompt with a mask, for this model with a masked-LM head";
    case "causal":
      return "prompt to continue, for this causal language model";
    case "pooled":
      return "plain text, for this encoder without a head";
    default:
      return unreachable(reading);
  }
}

/**
 * Gives the text that the model reads, to the character; of a masked prompt with its special tokens as RoBERTa writes them. Options and
 * label words follow it. A prompt to continue has no white space at its beginning, as in the reference; a user's own template is as it is.
 * @throws when the task has no such reading
 * @example promptText(sst2, "masked", example({ sentence: "a gripping film ." })) // "<s>a gripping film . It was<mask>.</s>"
 */
export function promptText(task: Task, reading: Reading, example: Example): string {
  checkReading(task, reading);
  if (task.kind === "chat") return refuseChat(task);
  if (task.kind !== "classification") return task.prompt(example).trimStart();
  switch (reading) {
    case "masked":
      return task
        .masked!.parts(example.fields)
        .map((part) => (typeof part === "string" ? part : "text" in part ? part.text : ROBERTA[part.special]))
        .join("");
    case "causal":
      return task.own ? task.causal!.prompt(example.fields) : task.causal!.prompt(example.fields).trimStart();
    case "pooled":
      return task.pooled!.text(example.fields);
    default:
      return unreachable(reading);
  }
}

const ROBERTA: Readonly<Record<SpecialName, string>> = {
  unknown: "<unk>",
  beginning: "<s>",
  end: "</s>",
  mask: "<mask>",
  padding: "<pad>",
};

/** Gives the label words of a reading, one per class. @throws when the reading has none */
export function wordsOf(task: Task, reading: Reading): readonly string[] {
  const words = task.kind === "classification" && reading !== "pooled" ? task[reading]?.words : undefined;
  return words ?? fail(`label words of ${task.name}`, `one word per class for a ${reading} reading`, "none");
}
