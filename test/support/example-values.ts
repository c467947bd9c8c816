import { llamaSites } from "../../src/model/llama";
import type { Example, Where } from "../../src/task/task";
import { tinySettings } from "./tiny-problem";

const where: Where = { file: "train.jsonl", line: 17 };

/** What examples name and `src` does not export, made when one asks. */
export const exampleValues: Readonly<Record<string, () => unknown>> = {
  where: () => where,
  /** An example of a task, from its fields. */
  example:
    () =>
    (fields: Example["fields"], more: Partial<Example> = {}) => ({ fields, label: 0, where, ...more }),
  settings: () => tinySettings("bert"),
  llama2Sites: () =>
    llamaSites({ layers: 32, hidden: 4096, intermediate: 11008, heads: 32, kvHeads: 32, headSize: 128 }),
};
