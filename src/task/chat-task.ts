import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fail } from "../check/check";
import { ownFormat } from "./own-rows";
import type { ChatTask } from "./task";

/** What a user says of conversations of their own. */
export interface ChatTaskOptions {
  /**
   * A .jsonl or .parquet file. Each row has `messages`, a list of { role, content }, or `prompt` and `completion`: two texts, the user's and the
   * assistant's (in a .csv or .tsv file too), or two such lists, of which the second is learnt.
   */
  readonly file: string;
  /** A second one to test on; default: every fourth conversation of `file`. */
  readonly testFile?: string;
  /** A file with a Jinja template in place of the model's own chat template. */
  readonly template?: string;
  /** Default: the file's name. */
  readonly name?: string;
}

/**
 * Makes a task of conversations: the model's own chat template writes them, and the loss is that of the assistant's tokens alone, in all its turns, with the
 * mark that ends each.
 * For example `await openTask(chatTask({ file: "kitchen.jsonl" }))`.
 * @throws when a file is not there or of another kind
 */
export function chatTask({ file, testFile, template, name = basename(file) }: ChatTaskOptions): ChatTask {
  for (const path of [file, ...(testFile === undefined ? [] : [testFile])]) {
    if (!existsSync(path)) fail("file", "an existing file", path);
    ownFormat(path);
  }
  if (template !== undefined && !existsSync(template)) fail("template", "an existing file", template);
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
    own: { train: file, test: testFile ?? null, declared: null },
    template: template === undefined ? null : readFileSync(template, "utf8"),
  };
}
