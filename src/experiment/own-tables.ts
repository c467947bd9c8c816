import { tableTask } from "../task/own-table";
import { promptTask } from "../task/prompt-task";
import type { Task } from "../task/task";

/** The project's own tables that experiments go by name for: short messages to a program's makers, reviews of films, and prompts that ask for a word, or for a form that they show. */
export const ownTables = {
  messages: () =>
    tableTask({
      name: "messages",
      file: "data/samples/messages.csv",
      template: "{message}. This is a",
      label: "kind",
      labelWords: { bug: " problem", question: " question", praise: " compliment" },
    }),
  reviews: () =>
    tableTask({
      name: "reviews",
      file: "data/samples/reviews.tsv",
      template: "{sentence} It was",
      label: "label",
      labelWords: { "0": " terrible", "1": " great" },
    }),
  asked: () =>
    promptTask({
      name: "asked",
      file: "data/samples/asked.jsonl",
      template: 'In at most {most} words she said of {topic} and {word}: "',
      answer: "answer",
      stop: '"',
      newTokens: 12,
    }),
  "asked-form": () =>
    promptTask({
      name: "asked-form",
      file: "data/samples/asked.jsonl",
      template: 'Of animals and dog she wrote: "dog: It slept on the mat."\nOf {topic} and {word} she wrote: "',
      answer: "answer",
      stop: '"',
      newTokens: 14,
    }),
} as const;

/** Gives what a planned run's task is opened by: one of the project's own tables, or the name as it is. @example plannedTask("trec") // "trec" */
export function plannedTask(name: string): string | Task {
  return Object.hasOwn(ownTables, name) ? ownTables[name as keyof typeof ownTables]() : name;
}
