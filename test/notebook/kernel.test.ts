import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Message } from "../../src/notebook/kernel-client";
import { begun, find, kernelRuns, type KernelRuns, type Ran } from "../support/kernel-runs";
import { until } from "../support/until";

const test = suite("notebook/kernel");
let kernel: KernelRuns;
test.before(async () => {
  kernel = await kernelRuns(tmpdir());
});
test.after(async () => kernel.client.close());
const run = (code: string): Promise<Ran> => kernel.run(code);

test("a cell sends busy, its input, its text, its value and idle, in this order", async () => {
  const ran = await run('console.log("hello");\n1 + 1');
  assert.equal(ran.types, ["status", "execute_input", "stream", "execute_result", "status"]);
  assert.is(ran.text, "hello\n");
  assert.equal(find(ran, "execute_result"), { execution_count: 1, data: { "text/plain": "2" }, metadata: {} });
  assert.is(ran.reply["status"], "ok");
  assert.is(ran.reply["execution_count"], 1);
});

test("a value that is undefined prints nothing, and the count goes on", async () => {
  const ran = await run("undefined");
  assert.not(ran.types.includes("execute_result"));
  assert.is(find(ran, "execute_input")["execution_count"], 2);
});

test("the kernel works from the project's root and imports from src, wherever it was started", async () => {
  const ran = await run('import { positiveInteger } from "./src/check/check";\npositiveInteger("ranks[2]", 5)');
  assert.equal(find(ran, "execute_result")["data"], { "text/plain": "5" });
});

test("no line of a loop that never yields is lost", async () => {
  const { text, outputs } = await run("for (let i = 0; i < 3000; i++) console.log(i);");
  const expected = Array.from({ length: 3000 }, (_, i) => `${i}\n`).join("");
  assert.is(text === expected, true);
  assert.ok(outputs.length < 500, `gathered into few messages, got ${outputs.length}`);
});

test("a long text is cut between two characters", async () => {
  const { text } = await run('console.log("a".repeat(999_999) + "\\u{1f600}b");');
  assert.is(text.length, 1_000_003);
  assert.is(text.slice(-4), "\u{1f600}b\n");
});

test("text written before a display comes before it", async () => {
  const ran = await run(
    'import { display } from "./src/notebook/display";\nconsole.log("a"); console.log("b");\n' +
      'const shownHere = display({ "text/plain": "c" });\nconsole.log("d");\nshownHere.update({ "text/plain": "e" });',
  );
  const order = ran.types.slice(2, -1).filter((type, at, all) => type !== all[at - 1]);
  assert.equal(order, ["stream", "display_data", "stream", "update_display_data"]);
  const ids = ran.outputs.flatMap(
    ({ content }) => (content["transient"] as { display_id?: string } | undefined)?.display_id ?? [],
  );
  assert.is(ids.length, 2);
  assert.is(ids[0], ids[1]);
});

test("the last update of a throttled figure is shown before the cell is done", async () => {
  const ran = await run(
    'import { showFigure } from "./src/notebook/figure-display";\n' +
      "const plot = showFigure({ data: [], layout: { title: { text: 'step 0' } } });\n" +
      "for (let i = 1; i <= 50; i++) plot.update({ data: [], layout: { title: { text: `step ${i}` } } });\nplot",
  );
  const updates = ran.outputs.filter(({ header }) => header.msg_type === "update_display_data");
  assert.ok(updates.length <= 3, `throttled, got ${updates.length}`);
  assert.is((updates.at(-1)?.content["data"] as Record<string, unknown>)["text/plain"], "figure: step 50 (0 traces)");
  assert.not(ran.types.includes("execute_result"), "a figure's handle is not printed");
});

test("a completion is answered while a cell runs, and the kernel stays busy", async () => {
  const states: unknown[] = [];
  const { ran } = await begun(kernel, 'console.log("started"); await new Promise(() => {});');
  const off = kernel.client.onPublished(({ header, content }) => {
    if (header.msg_type === "status") states.push(content["execution_state"]);
  });
  const reply = await kernel.client.request("complete_request", { code: "Math.flo", cursor_pos: 8 });
  await until("the cell is said to be at work again", () => states.includes("idle") && states.at(-1) === "busy");
  off();
  kernel.client.interrupt();
  await ran;
  assert.equal(reply.content["matches"], ["floor"]);
});

test("a cell's value survives for the next cell, and an error does not lose it", async () => {
  await run("const kept = new Float32Array([1, 2]);");
  await run('throw new Error("no");');
  assert.equal(find(await run("kept[1]"), "execute_result")["data"], { "text/plain": "2" });
});

test("an imported file is checked again when it, or a file that it uses, has changed", async () => {
  const folder = `.cache/kernel-test-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string): void => writeFileSync(`${folder}/${name}.ts`, text);
  const use = async (name: string): Promise<Ran> => {
    return run(`import { b as ${name} } from "./${folder}/b";\n${name}`);
  };
  try {
    write("a", "export const a: number = 1;");
    write("b", 'import { a } from "./a";\nexport const b: number = a + 1;');
    assert.equal(find(await use("first"), "execute_result")["data"], { "text/plain": "2" });
    assert.equal(find(await use("second"), "execute_result")["data"], { "text/plain": "2" });
    write("a", 'export const a: string = "x";');
    assert.match(
      String(find(await use("third"), "error")["evalue"]),
      /b\.ts:2:14: Type 'string' is not assignable to type 'number'/,
    );
    write("b", 'import { a } from "./a";\nexport const b: string = a + "y";');
    assert.equal(find(await use("fourth"), "execute_result")["data"], { "text/plain": "'xy'" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a property of an earlier cell's value is taken apart under another name", async () => {
  await run("const found = [{ low: 2, high: 5 }]; const by = 10;");
  const values = async (code: string): Promise<unknown> => find(await run(code), "execute_result")["data"];
  assert.equal(await values("found.map(({ low: one }) => by + one)"), { "text/plain": "[ 12 ]" });
  assert.equal(await values("const { high: most } = found[0]; [most, by]"), { "text/plain": "[ 5, 10 ]" });
  assert.equal(await values("let some = 0; for ({ low: some } of found) some += by; some"), { "text/plain": "12" });
  const error = find(await run("found.map(({ low: one }) => one.none)"), "error");
  assert.match(String(error["evalue"]), /^line 1, column 33: Property 'none'/);
});

test("a variable of an earlier cell can be a shorthand property, and errors keep the columns that were written", async () => {
  await run("const steps = 3, rate = 0.5;");
  assert.equal(find(await run("({ steps, more: { rate } })"), "execute_result")["data"], {
    "text/plain": "{ steps: 3, more: { rate: 0.5 } }",
  });
  const error = find(await run("const wrong: { steps: string } = { steps };"), "error");
  assert.match(String(error["evalue"]), /^line 1, column 36: Type 'number'/);
  const later = find(await run("const settings = { steps, rate }; settings.none;"), "error");
  assert.match(String(later["evalue"]), /^line 1, column 44: Property 'none'/);
});

test("kernel_info, is_complete, history and comm_info answer as the protocol says", async () => {
  const content = async (type: string, question: object): Promise<Message["content"]> =>
    (await kernel.client.request(type, question)).content;
  const info = await content("kernel_info_request", {});
  assert.is(info["status"], "ok");
  assert.equal((info["language_info"] as Record<string, unknown>)["version"], "5.0.4");
  for (const [code, status] of [
    ["const a = 1;", "complete"],
    ["function f() {", "incomplete"],
    ["`abc", "incomplete"],
    ["let x = = 3;", "invalid"],
  ])
    assert.is((await content("is_complete_request", { code }))["status"], status, code);
  const { history } = (await content("history_request", { hist_access_type: "tail", n: 1 })) as {
    history: unknown[][];
  };
  assert.match(String(history[0]?.[2]), /settings\.none/);
  assert.equal(await content("comm_info_request", { target_name: "jupyter.widget" }), { status: "ok", comms: {} });
});

test("an open model is shared by all copies of its module, and replaced in its slot", async () => {
  const open = (name: string): string =>
    `import { registered as ${name} } from "./src/notebook/registry";\n` +
    `await ${name}("${name === "first" ? "a" : "b"}", async () => ({ dispose: () => console.log("disposed ${name}") }), "slot");`;
  assert.is((await run(open("first"))).text, "");
  assert.is((await run(open("second"))).text, "disposed first\n");
});

test("a request that makes no sense is answered with an error, and the kernel goes on", async () => {
  const reply = await kernel.client.request("complete_request", { code: 7, cursor_pos: "x" });
  assert.is(reply.content["status"], "error");
  assert.is((await run("1")).reply["status"], "ok");
});

test.run();
