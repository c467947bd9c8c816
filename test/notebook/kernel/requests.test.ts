import { suite } from "uvu";
import * as assert from "uvu/assert";
import { begun, find, kernelRuns, sleep, valueOf, type KernelRuns } from "../../support/kernel-runs";
import { until } from "../../support/until";

const test = suite("notebook/kernel/requests");
let kernel: KernelRuns;
test.before(async () => {
  kernel = await kernelRuns();
});
test.after(async () => kernel.client.close());

const complete = (code: string, cursor_pos = [...code].length) => kernel.ask("complete_request", { code, cursor_pos });
const inspect = (code: string, cursor_pos: number) =>
  kernel.ask("inspect_request", { code, cursor_pos, detail_level: 0 });

test("completion counts in code points: two emojis before the cursor are two", async () => {
  const code = 'const s = "🎉🎉"; Math.flo';
  const reply = await complete(code);
  assert.equal(reply["matches"], ["floor"]);
  assert.is(reply["cursor_start"], [...code].length - 3);
  assert.is(reply["cursor_end"], [...code].length);
  const inside = await complete("/* 😀 */ Math.flo + 1", 15); // /* 😀 */ is 7 code points and 8 UTF-16 units
  assert.equal([inside["cursor_start"], inside["cursor_end"]], [13, 16]);
});

test("inspection finds the name under the cursor after emojis", async () => {
  const code = 'const t = "😀😀😀"; Math.floor';
  const reply = await inspect(code, [...code].length - 2);
  assert.is(reply["found"], true);
  assert.match(String((reply["data"] as Record<string, unknown>)["text/plain"]), /Math\.floor\(x: number\): number/);
  assert.equal(await inspect("  ", 1), { status: "ok", found: false, data: {}, metadata: {} });
});

test("completion and Shift+Tab know imported symbols of src, with their TSDoc, in the same cell and a later one", async () => {
  const imported = 'import { parameters } from "./src/notebook/parameters";\n';
  assert.ok(((await complete(`${imported}param`))["matches"] as string[]).includes("parameters"));
  await kernel.run(imported);
  assert.ok(((await complete("param"))["matches"] as string[]).includes("parameters"));
  const reply = await inspect("parameters({ steps: 1 })", 3);
  const text = String((reply["data"] as Record<string, unknown>)["text/plain"]);
  assert.match(text, /\bparameters</);
  assert.match(text, /Makes a notebook's parameters: the defaults written in its cell/);
  assert.match(text, /@throws on a name that is not among the defaults/);
  assert.match(text, /@example const \{ steps/);
});

test("so do symbols that come through the notebooks' doors, and their members and options", async () => {
  await kernel.run(
    'import * as adazeta from "./src/index";\nimport * as parts from "./src/parts";\nimport { adazeta as method } from "./src/index";',
  );
  assert.ok(((await complete("adazeta.scheduleEx"))["matches"] as string[]).includes("scheduleExplorer"));
  assert.ok(((await complete("method({ learn"))["matches"] as string[]).includes("learningRate"));
  const reply = await inspect("parts.floatSlider", 8);
  const text = String((reply["data"] as Record<string, unknown>)["text/plain"]);
  assert.match(text, /floatSlider\(description: string, options: \S*SliderOptions\)/);
  assert.match(text, /Makes a slider over real numbers/);
});

test("between the braces of an import the project's names are known before `from` is written, and the module's after", async () => {
  const at = async (marked: string): Promise<Readonly<Record<string, unknown>>> =>
    complete(marked.replace("|", ""), marked.indexOf("|"));
  const matches = async (marked: string): Promise<readonly string[]> => (await at(marked))["matches"] as string[];
  for (const marked of [
    "import { openMo| }",
    "import { openMo|",
    "import {openMo|}",
    "import {\n  openTask,\n  openMo|\n}\nconst x = 1;",
    'import { openMo| } from "./src/index";',
    "const first = 1; import { openMo| } from",
  ])
    assert.equal((await matches(marked)).slice(0, 1), ["openModel"], marked);
  const all = await matches("import { openTask, | }");
  assert.ok(all.includes("openModel") && !all.includes("openTask"));
  assert.ok((await matches("import type { Meth|")).includes("Method"));
  assert.ok((await matches('import { | } from "node:fs"')).includes("readFileSync"));
  const inside = await at("import { open|Mo }");
  assert.equal([inside["cursor_start"], inside["cursor_end"]], [9, 15]);
  assert.not((await matches("const object = { openMo|")).includes("openModel"));
  assert.not((await matches('"import { openMo|')).includes("openModel"));
});

test("a silent cell shows nothing, counts nothing and keeps nothing, but runs", async () => {
  const before = (await kernel.run("0")).reply["execution_count"] as number;
  const ran = await kernel.run('const quiet = 7; console.log("unheard"); quiet', undefined, { silent: true });
  assert.equal(ran.types, ["status", "status"]);
  assert.is(ran.reply["status"], "ok");
  const kept = await kernel.run("quiet", undefined, { store_history: false });
  assert.is(valueOf(kept), "7");
  assert.is(kept.reply["execution_count"], before);
  assert.is((await kernel.run("1")).reply["execution_count"], before + 1);
});

test("user expressions are answered one by one, values and errors", async () => {
  const ran = await kernel.run("const base = 20;", undefined, {
    user_expressions: { sum: "base + 1", wrong: "missing", nothing: "undefined" },
  });
  const { sum, wrong, nothing } = ran.reply["user_expressions"] as Record<string, Record<string, unknown>>;
  assert.equal(sum, { status: "ok", data: { "text/plain": "21" }, metadata: {} });
  assert.is(wrong?.["status"], "error");
  assert.match(String(wrong?.["evalue"]), /Cannot find name 'missing'/);
  assert.equal(nothing?.["data"], { "text/plain": "undefined" });
  assert.not(ran.types.includes("execute_result"));
  assert.not(ran.types.includes("error"));
});

test("history: the tail, a range and a search, with outputs where they are asked for", async () => {
  const { reply } = await kernel.run("const first = 1;");
  const at = reply["execution_count"] as number;
  await kernel.run("first + 1");
  await kernel.run("first + 1");
  const history = async (question: object) =>
    (await kernel.ask("history_request", { output: false, raw: true, ...question }))["history"];
  assert.equal(await history({ hist_access_type: "tail", n: 2 }), [
    [0, at + 1, "first + 1"],
    [0, at + 2, "first + 1"],
  ]);
  assert.equal(await history({ hist_access_type: "range", session: 0, start: at, stop: at + 2, output: true }), [
    [0, at, ["const first = 1;", null]],
    [0, at + 1, ["first + 1", "2"]],
  ]);
  assert.equal(await history({ hist_access_type: "range", session: 5, start: 0, stop: 9 }), []);
  const search = { hist_access_type: "search", pattern: "first + ?" };
  assert.equal(await history(search), [
    [0, at + 1, "first + 1"],
    [0, at + 2, "first + 1"],
  ]);
  assert.equal(await history({ ...search, unique: true }), [[0, at + 2, "first + 1"]]);
  assert.equal(await history({ ...search, n: 1 }), [[0, at + 2, "first + 1"]]);
  assert.equal(await history({ ...search, pattern: "nowhere*" }), []);
});

test("every request has one busy and one idle of its own", async () => {
  for (const [type, content] of [
    ["kernel_info_request", {}],
    ["history_request", { hist_access_type: "tail", n: 1 }],
    ["comm_info_request", {}],
    ["is_complete_request", { code: "1" }],
  ] as const) {
    const states: unknown[] = [];
    await kernel.client.send(type, content, {
      onOutput: ({ content: { execution_state } }) => states.push(execution_state),
    });
    assert.equal(states, ["busy", "idle"], type);
  }
});

test("a message that is not known is logged, not shown under a cell, and ends nothing", async () => {
  const ran: string[] = [];
  await kernel.client.send("surprise_request", {}, { onOutput: ({ header }) => ran.push(header.msg_type) });
  assert.equal(ran, ["status", "status"]);
  await until("it is logged", () => kernel.log().includes("surprise_request: not a message that this kernel knows"));
  assert.is((await kernel.run("1")).reply["status"], "ok");
});

test("a message with a wrong signature is dropped and logged", async () => {
  let seen = 0;
  const off = kernel.client.onPublished(() => (seen += 1));
  await kernel.client.sendForged("execute_request", { code: 'console.log("forged")', silent: false });
  await until("it is logged", () => kernel.log().includes("the signature does not fit"));
  await sleep(300);
  off();
  assert.is(seen, 0);
  assert.is((await kernel.run("1")).reply["status"], "ok");
});

test("interrupt_request on the control channel is answered while a cell runs", async () => {
  const { ran } = await begun(kernel, 'console.log("started"); await new Promise(() => {});');
  assert.equal((await kernel.client.request("interrupt_request", {}, "control")).content, { status: "ok" });
  assert.is(find(await ran, "error")["ename"], "Interrupted");
});

test("shutdown says whether it is for a restart, to every front end, and the process ends", async () => {
  const other = await kernelRuns();
  const heard: unknown[] = [];
  other.client.onPublished(({ header, content }) => header.msg_type === "shutdown_reply" && heard.push(content));
  const ended = new Promise((resolve) => other.client.process.once("exit", resolve));
  const reply = await other.client.request("shutdown_request", { restart: true }, "control");
  assert.equal(reply.content, { status: "ok", restart: true });
  assert.is(await ended, 0);
  await until("it was published", () => heard.length > 0);
  assert.equal(heard, [{ status: "ok", restart: true }]);
  await other.client.close().catch(() => undefined);
});

const deep: Readonly<Record<string, string>> = {
  "open brackets": "[".repeat(1000),
  calls: "f(".repeat(3000),
  arrows: "() => ".repeat(3000),
  "members of members": `a${".b".repeat(5000)}`,
  templates: "`${".repeat(1000),
  "types of types": `let x: ${"Array<".repeat(3000)}`,
};
for (const [name, code] of Object.entries(deep))
  test(`hints for code that is nested deeply are empty, and the next cell runs: ${name}`, async () => {
    const question = { code, cursor_pos: code.length, detail_level: 0 };
    const { status, matches } = await kernel.ask("complete_request", question);
    assert.equal([status, matches], ["ok", []]);
    const { status: seen, found } = await kernel.ask("inspect_request", question);
    assert.equal([seen, found], ["ok", false]);
    await kernel.ask("is_complete_request", { code });
    assert.is((await kernel.run("1 + 1")).reply["status"], "ok");
    assert.is((await kernel.run(code)).reply["status"], "error");
    assert.is((await kernel.run("1 + 1")).reply["status"], "ok");
  });

test("and after them the compiler answers as before", async () => {
  const { matches } = await kernel.ask("complete_request", { code: "[1].ma", cursor_pos: 6 });
  assert.is((matches as readonly string[])[0], "map");
});

test.run();
