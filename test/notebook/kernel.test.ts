import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { startKernel, type KernelClient, type Message } from "../../src/notebook/kernel-client";

const test = suite("notebook/kernel");
let kernel: KernelClient;

test.before(async () => {
  kernel = await startKernel({ cwd: tmpdir() });
});
test.after(async () => kernel.close());

interface Ran {
  readonly reply: Message["content"];
  readonly outputs: readonly Message[];
  readonly types: readonly string[];
  readonly text: string;
}

async function run(code: string, onText: () => void = () => undefined): Promise<Ran> {
  const outputs: Message[] = [];
  const reply = await kernel.execute(code, (message) => {
    outputs.push(message);
    if (message.header.msg_type === "stream") onText();
  });
  const text = outputs
    .filter(({ header }) => header.msg_type === "stream")
    .map(({ content }) => content["text"])
    .join("");
  return { reply: reply.content, outputs, types: outputs.map(({ header }) => header.msg_type), text };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const find = (ran: Ran, type: string): Message["content"] => {
  const found = ran.outputs.find(({ header }) => header.msg_type === type);
  if (found === undefined) throw new Error(`expected a message ${type}, got ${ran.types.join(", ")}`);
  return found.content;
};

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

test("cells are compiled strictly, and a type error names its place", async () => {
  const ran = await run("let a = 1;\nconst b: string = null;");
  const error = find(ran, "error");
  assert.is(error["ename"], "TypeScript");
  assert.match(String(error["evalue"]), /^line 2, column 7: Type 'null' is not assignable to type 'string'/);
  assert.is(ran.reply["status"], "error");
  assert.is(ran.reply["ename"], "TypeScript");
});

test("a thrown error shows its name, its message and only frames of the project", async () => {
  const ran = await run('import { positiveInteger } from "./src/check/check";\npositiveInteger("ranks[2]", 0);');
  const error = find(ran, "error");
  const traceback = (error["traceback"] as string[]).join("\n");
  assert.is(error["ename"], "Error");
  assert.is(error["evalue"], "ranks[2]: expected a positive integer, got 0");
  assert.match(traceback, /at .*src\/check\/check/);
  assert.not.match(traceback, /node:|evalmachine|tslab/);
  assert.not(ran.types.includes("stream"), "the error is not in stderr too");
});

test("a thrown value that is no error is shown as it is", async () => {
  const error = find(await run('throw "as it is";'), "error");
  assert.is(error["evalue"], "as it is");
});

test("after an error the cells that wait are cancelled, and the next one runs", async () => {
  const [first, second] = await Promise.all([run('throw new Error("stop here");'), run("1")]);
  assert.is(first.reply["status"], "error");
  assert.is(second.reply["status"], "aborted");
  assert.is((await run("2")).reply["status"], "ok");
});

test("Stop: a loop that watches the signal ends by itself, keeps its outputs, and cancels the cells that wait", async () => {
  const loop = run(
    'import { stopSignal } from "./src/notebook/stop-signal";\nconst signal = stopSignal();\n' +
      'console.log("started");\nwhile (!signal.aborted) await new Promise((r) => setTimeout(r, 10));\nconsole.log("kept");',
  );
  const next = run("1");
  await sleep(1500);
  kernel.interrupt();
  const ran = await loop;
  assert.is(ran.reply["status"], "ok");
  assert.is(ran.text, "started\nkept\n");
  assert.is((await next).reply["status"], "aborted");
  const after = await run('import { stopSignal as again } from "./src/notebook/stop-signal";\nagain().aborted');
  assert.equal(find(after, "execute_result")["data"], { "text/plain": "false" });
});

test("Stop: a loop that ignores the signal is abandoned", async () => {
  const ran = await run(
    'let left = 400; while (left-- > 0) { await new Promise((r) => setTimeout(r, 10)); if (left === 390) console.log("started"); }',
    () => kernel.interrupt(),
  );
  assert.is(find(ran, "error")["ename"], "Interrupted");
  assert.is((await run("1")).reply["status"], "ok");
});

test("Stop: a loop that never yields is stopped", async () => {
  const ran = await run('console.log("started"); while (true) {}', () => kernel.interrupt());
  assert.is(find(ran, "error")["ename"], "Interrupted");
});

test("Stop between cells does nothing", async () => {
  kernel.interrupt();
  await sleep(50);
  assert.is((await run("1")).reply["status"], "ok");
});

test("no line of a loop that never yields is lost", async () => {
  const { text, outputs } = await run("for (let i = 0; i < 3000; i++) console.log(i);");
  const expected = Array.from({ length: 3000 }, (_, i) => `${i}\n`).join("");
  assert.is(text === expected, true);
  assert.ok(outputs.length < 500, `gathered into few messages, got ${outputs.length}`);
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
  const loop = run("await new Promise((r) => setTimeout(r, 600));");
  await sleep(200);
  const off = kernel.onPublished(({ header, content }) => {
    if (header.msg_type === "status") states.push(content["execution_state"]);
  });
  const reply = await kernel.request("complete_request", { code: "Math.flo", cursor_pos: 8 });
  await sleep(50);
  off();
  await loop;
  assert.equal(reply.content["matches"], ["floor"]);
  assert.is(states.at(-1), "busy");
});

test("a cell's value survives for the next cell, and an error does not lose it", async () => {
  await run("const kept = new Float32Array([1, 2]);");
  await run('throw new Error("no");');
  assert.equal(find(await run("kept[1]"), "execute_result")["data"], { "text/plain": "2" });
});

test("an imported file is checked again when it, or a file that it uses, has changed", async () => {
  const folder = ".cache/kernel-test";
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string): void => writeFileSync(`${folder}/${name}.ts`, text);
  const use = async (name: string): Promise<Ran> => {
    await sleep(700); // the compiler looks for changed files a few times per second
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
    (await kernel.request(type, question)).content;
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
  const reply = await kernel.request("complete_request", { code: 7, cursor_pos: "x" });
  assert.is(reply.content["status"], "error");
  assert.is((await run("1")).reply["status"], "ok");
});

test.run();
