import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { knownOptions, namesOf } from "../check/known-options";
import { requireFile } from "../disk/require-file";
import type { ChatTaskOptions } from "./own-options";
import { requireOwn } from "./own-rows";
import type { ChatTask } from "./task";

const OPTIONS = namesOf<ChatTaskOptions>({ file: true, testFile: true, template: true, name: true });

/**
 * Makes a task of conversations: the model's own chat template writes them, and the loss is that of the assistant's tokens alone, in all its turns, with the
 * mark that ends each.
 * For example `await openTask(chatTask({ file: "kitchen.jsonl" }))`.
 * @throws when a file is not there or of another kind
 */
export function chatTask(options: ChatTaskOptions): ChatTask {
  knownOptions("chatTask", options, OPTIONS);
  const { file, testFile, template, name = basename(file) } = options;
  requireOwn({ file, testFile });
  if (template !== undefined) requireFile("template", template);
  return {
    kind: "chat",
    name,
    title: `${basename(file)}: conversations`,
    fields: {},
    verbatim: true,
    metric: "perplexity",
    further: [],
    testSplit: "test",
    directories: [],
    hub: null,
    samples: null,
    own: { train: file, test: testFile ?? null, declared: options },
    template: template === undefined ? null : readFileSync(template, "utf8"),
  };
}
