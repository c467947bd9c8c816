import { tableTask } from "../task/own-table";
import type { Task } from "../task/task";

/** The project's own tables that experiments go by name for: short messages to a program's makers, and reviews of films. */
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
} as const;

/** Gives what a planned run's task is opened by: one of the project's own tables, or the name as it is. @example plannedTask("trec") // "trec" */
export function plannedTask(name: string): string | Task {
  return Object.hasOwn(ownTables, name) ? ownTables[name as keyof typeof ownTables]() : name;
}
