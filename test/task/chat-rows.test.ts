import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chatTask } from "../../src/task/chat-task";
import { loadTask } from "../../src/task/load-task";
import { promptText, readingsOf } from "../../src/task/reading";
import { inFolder } from "../support/in-folder";
import { rejectsWith, throwsWith } from "../support/throws";

const test = suite("task/chat-rows");

type Said = readonly (readonly [role: string, content: unknown])[];
const messages = (said: Said) => said.map(([role, content]) => ({ role, content }));
const line = (said: Said) => JSON.stringify({ messages: messages(said) });
const fine = line([
  ["user", "Hi"],
  ["assistant", "Hello."],
]);
/** The file's text read as conversations. */
const load = (text: string, name = "talks.jsonl") =>
  inFolder({ [name]: text }, (folder) => loadTask(chatTask({ file: join(folder, name) })));

test("the worked file: a line is a conversation, every fourth is kept to test on", async () => {
  const talks = [1, 2, 3, 4, 5].map((i) =>
    line([
      ["system", "Be brief."],
      ["user", ` ${i}? `],
      ["assistant", `${i}.\n`],
    ]),
  );
  const { splits, notices, origin } = await load(talks.join("\n"));
  assert.equal(
    splits.train!.map(({ where }) => where.line),
    [1, 2, 3, 5],
  );
  assert.equal(splits.test![0]!.chat, {
    messages: messages([
      ["system", "Be brief."],
      ["user", " 4? "],
      ["assistant", "4.\n"],
    ]),
    given: 0,
  });
  assert.equal(notices, ["talks.jsonl: every fourth conversation is kept for the test split"]);
  assert.is(origin.description, "talks.jsonl from a table of the user's own (train 4, test 1)");
});

test("line ends of another system, a mark at the beginning and empty lines are no part of it", async () => {
  const { splits } = await load(`\ufeff\r\n${fine}\r\n  \r\n${fine.replace("Hi", "Hey")}\r\n\r\n`);
  assert.equal(
    splits.train!.map(({ where, chat }) => [where.line, chat!.messages[0]!.content]),
    [
      [2, "Hi"],
      [4, "Hey"],
    ],
  );
});

test("prompt and completion are two texts, or two lists of which the second is learnt", async () => {
  const pair = JSON.stringify({ prompt: "Rice?", completion: "Twelve minutes." });
  const lists = JSON.stringify({
    prompt: messages([
      ["user", "Hi"],
      ["assistant", "Hello."],
      ["user", "Rice?"],
    ]),
    completion: messages([["assistant", "Twelve minutes."]]),
  });
  const { splits } = await load(`${pair}\n${lists}\n`);
  assert.equal(splits.train![0]!.chat, {
    messages: messages([
      ["user", "Rice?"],
      ["assistant", "Twelve minutes."],
    ]),
    given: 1,
  });
  assert.equal([splits.train![1]!.chat!.messages.length, splits.train![1]!.chat!.given], [4, 3]);
  const table = await load('prompt,completion\n"Rice, how long?",Twelve minutes.\n', "talks.csv");
  assert.is(table.splits.train![0]!.chat!.messages[0]!.content, "Rice, how long?");
});

test("a second file is tested on whole, and Parquet is read as JSON lines are", () =>
  inFolder({ "talks.jsonl": fine }, async (folder) => {
    const testFile = join(folder, "test.parquet");
    copyFileSync("test/fixtures/task/codec-zstd.parquet", testFile);
    const { splits } = await loadTask(chatTask({ file: join(folder, "talks.jsonl"), testFile }));
    assert.equal([splits.train?.length, splits.test?.length], [1, 60]);
    assert.is(splits.test![3]!.chat!.messages[0]!.content, "question 3");
  }));

test("keys beside role and content are said to be unread", async () => {
  const odd = JSON.stringify({
    messages: [
      { role: "user", content: "Hi", name: "Ann" },
      { role: "assistant", content: "Hello.", tool_calls: null },
    ],
  });
  const { notices } = await load(`${fine}\n${odd}\n`);
  assert.ok(notices.includes("talks.jsonl: name of messages is not read (line 2)"), notices.join("\n"));
  assert.not.ok(notices.join().includes("tool_calls"));
});

test("conversations have no prompt before a template has written them", async () => {
  const { task, splits } = await load(fine);
  assert.equal(readingsOf(task), ["causal"]);
  throwsWith(
    () => promptText(task, "causal", splits.train![0]!),
    "conversations, which a model's chat template writes",
  );
});

const faults: readonly { readonly what: string; readonly text: string; readonly says: RegExp }[] = [
  { what: "an empty file", text: "", says: /talks\.jsonl.*: expected/ },
  { what: "white space alone", text: "\n\n", says: /talks\.jsonl.*: expected/ },
  { what: "a malformed line", text: `${fine}\n{"messages": [}\n`, says: /talks\.jsonl line 2: expected a JSON object/ },
  { what: "a line that is a list", text: "[1]", says: /line 1: expected a JSON object/ },
  {
    what: "no assistant",
    text: line([["user", "Hi"]]),
    says: /line 1, messages: expected a turn of the assistant's to learn from, got "roles user"/,
  },
  { what: "no messages", text: '{"messages":[]}', says: /line 1, messages: expected a turn .* got "no messages"/ },
  {
    what: "an assistant that is only given",
    text: JSON.stringify({ prompt: messages([["assistant", "Hello."]]), completion: messages([["user", "Hi"]]) }),
    says: /line 1, completion: expected a turn of the assistant's/,
  },
  {
    what: "an unknown role",
    text: `${fine}\n${line([["human", "Hi"]])}`,
    says: /line 2, messages\[0\]\.role: expected one of system, developer, user, assistant, tool \(user\?\), got "human"/,
  },
  {
    what: "no role",
    text: '{"messages":[{"from":"user","value":"Hi"}]}',
    says: /messages\[0\]\.role: .*keys from, value/,
  },
  {
    what: "a role that is inherited",
    text: line([["constructor", "Hi"]]),
    says: /role: expected one of .*"constructor"/,
  },
  { what: "an empty answer", text: line([["user", "Hi"], ["assistant", " "]]), says: /messages\[1\]\.content: expected a text, got " "/ }, // prettier-ignore
  { what: "content in parts", text: line([["user", [{ type: "text", text: "Hi" }]]]), says: /messages\[0\]\.content: expected a text/ }, // prettier-ignore
  { what: "no content", text: '{"messages":[{"role":"user"}]}', says: /content: expected a text, got "none"/ },
  { what: "a text in place of the list", text: '{"messages":"Hi"}', says: /messages: expected a list of messages/ },
  { what: "a number among the messages", text: '{"messages":[1]}', says: /messages\[0\]: expected a message/ },
  {
    what: "another column",
    text: '{"message":[]}',
    says: /expected a column messages, or columns prompt and completion/,
  },
  { what: "half a pair", text: '{"prompt":"Hi","completion":1}', says: /prompt and completion: expected two texts/ },
  { what: "an empty completion", text: '{"prompt":"Hi","completion":""}', says: /completion: expected a text, got ""/ },
];
for (const { what, text, says } of faults)
  test(`${what} is told with file and line`, () => rejectsWith(load(text), says));

test("a file that is not there, of another kind, or a template that is not there", () => {
  throwsWith(() => chatTask({ file: "none.jsonl" }), "file: expected an existing file");
  throwsWith(() => chatTask({ file: "README.md" }), 'expected a .csv, .tsv, .jsonl or .parquet file, got "README.md"');
  const file = "data/samples/kitchen.jsonl";
  throwsWith(() => chatTask({ file, template: "none.jinja" }), "template: expected an existing file");
});

test.run();
