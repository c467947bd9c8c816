import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fail } from "../check/check";
import { nearestHint } from "../check/nearest";
import type { ChatMessage } from "../text/chat-template";
import { place } from "./example";
import { few } from "./own-classes";
import { columnsOf, ownFormat, tableRows } from "./own-rows";
import { splitSamples } from "./read-directory";
import type { ReadSplit } from "./read-directory";
import type { Row, Rows } from "./row";
import type { SplitName } from "./source";
import type { ChatTask, Conversation, Example } from "./task";

/** Who may speak in a conversation. */
export const ROLES = ["system", "developer", "user", "assistant", "tool"] as const;

/**
 * Reads the conversations of a user's own files; the notices say what of the rows is not read.
 * @throws when a file is empty or damaged, a message has no text or another role than `ROLES`, or a conversation has no turn of the assistant's, with file
 *   and line
 */
export async function chatSplits(task: ChatTask): Promise<readonly ReadSplit[]> {
  const read = async (split: SplitName, path: string): Promise<ReadSplit> => {
    const [file, bytes] = [basename(path), await readFile(path)];
    const { rows, notices } = await tableRows(ownFormat(path), bytes, file);
    if (rows.rows.length === 0) fail(file, "conversations", "none");
    const examples = conversations(rows);
    return { split, examples, bytes: [bytes], notices: [...notices, ...unreadKeys(rows)] };
  };
  const { train, test } = task.own;
  const all = await read("train", train);
  if (test !== null) return [all, await read("test", test)];
  const parts = splitSamples(task, all.examples);
  const notice = `${basename(train)}: every fourth conversation is kept for the test split`;
  return [
    { ...all, examples: parts.train, notices: [...all.notices, notice] },
    { split: "test", examples: parts.test, bytes: [], notices: [] },
  ];
}

/** A file's rows as examples. */
function conversations(rows: Rows): readonly Example[] {
  const columns = columnsOf(rows);
  const pair = columns.includes("prompt") && columns.includes("completion");
  if (!columns.includes("messages") && !pair)
    fail(
      rows.file,
      `a column messages, or columns prompt and completion${nearestHint("messages", columns)}`,
      columns.length === 0 ? "no columns" : few(columns, 12),
    );
  return rows.rows.map((row) => {
    const chat = conversationOf(row);
    const learnt = chat.messages.slice(chat.given).filter(({ role }) => role === "assistant");
    if (learnt.length === 0)
      fail(
        `${place(row.where)}, ${chat.given > 0 ? "completion" : "messages"}`,
        "a turn of the assistant's to learn from",
        chat.messages.length === 0 ? "no messages" : `roles ${chat.messages.map(({ role }) => role).join(", ")}`,
      );
    // What tells two conversations apart: all that is said, by whom.
    const fields = { conversation: chat.messages.map(({ role, content }) => `${role}: ${content}`).join("\n") };
    return { fields, label: 0, chat, where: row.where };
  });
}

function conversationOf({ cells, where }: Row): Conversation {
  const { messages, prompt, completion } = cells;
  const at = (column: string): string => `${place(where)}, ${column}`;
  if (messages !== undefined && messages !== null) return { messages: listOf(messages, at("messages")), given: 0 };
  if (typeof prompt === "string" && typeof completion === "string") {
    const said = [
      { role: "user", content: prompt },
      { role: "assistant", content: completion },
    ];
    said.forEach(({ content }, i) => requireText(content, at(i === 0 ? "prompt" : "completion")));
    return { messages: said, given: 1 };
  }
  if (Array.isArray(prompt) && Array.isArray(completion)) {
    const given = listOf(prompt, at("prompt"));
    return { messages: [...given, ...listOf(completion, at("completion"))], given: given.length };
  }
  if (prompt === undefined && completion === undefined) return fail(at("messages"), "a list of messages", messages);
  return fail(at("prompt and completion"), "two texts, or two lists of messages", { prompt, completion });
}

function listOf(value: unknown, what: string): readonly ChatMessage[] {
  if (!Array.isArray(value)) return fail(what, "a list of messages, each with role and content", value);
  return value.map((message: unknown, i) => {
    const at = `${what}[${i}]`;
    if (typeof message !== "object" || message === null || Array.isArray(message))
      return fail(at, "a message with role and content", message);
    const { role, content } = message as Readonly<Record<string, unknown>>;
    if (typeof role !== "string" || !(ROLES as readonly string[]).includes(role))
      return fail(
        `${at}.role`,
        `one of ${ROLES.join(", ")}${roleHint(role)}`,
        role ?? `none (keys ${keysOf(message)})`,
      );
    return { role, content: requireText(content, `${at}.content`) };
  });
}

function keysOf(message: object): string {
  return few(Object.keys(message), 8);
}

/** What other programs call the roles. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  human: "user",
  gpt: "assistant",
  bot: "assistant",
  model: "assistant",
};

function roleHint(role: unknown): string {
  const meant = typeof role === "string" ? OTHER_NAMES[role.toLowerCase()] : undefined;
  return meant === undefined ? "" : ` (${meant}?)`;
}

function requireText(content: unknown, what: string): string {
  return typeof content === "string" && content.trim() !== "" ? content : fail(what, "a text", content ?? "none");
}

/** Says which keys of messages are not read, such as a call of a tool. */
function unreadKeys({ file, rows }: Rows): readonly string[] {
  const lines = new Map<string, number[]>();
  for (const { cells, where } of rows)
    for (const column of ["messages", "prompt", "completion"]) {
      const list = cells[column];
      if (!Array.isArray(list)) continue;
      const keys = list.flatMap((message: unknown) =>
        Object.entries((message ?? {}) as object).flatMap(([key, value]) =>
          value === null || value === undefined ? [] : [key],
        ),
      );
      for (const key of new Set(keys))
        if (key !== "role" && key !== "content") lines.set(key, [...(lines.get(key) ?? []), where.line]);
    }
  return [...lines].map(([key, at]) => `${file}: ${key} of messages is not read (line ${few(at.map(String), 3)})`);
}
