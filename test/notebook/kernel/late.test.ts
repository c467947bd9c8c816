import { suite } from "uvu";
import * as assert from "uvu/assert";
import { stripVTControlCharacters } from "node:util";
import { kernelRuns, sleep, valueOf, type KernelRuns } from "../../support/kernel-runs";
import { until } from "../../support/until";

const test = suite("notebook/kernel/late");
let kernel: KernelRuns;
test.before(async () => {
  kernel = await kernelRuns();
});
test.after(async () => kernel.client.close());

/** What cells that run one after the other print, each with what came after its end; then some time passes. */
async function printedBy(cells: readonly string[], ms: number): Promise<readonly string[]> {
  const texts = new Map<string, string>();
  const ids: string[] = [];
  const off = kernel.client.onPublished(({ header, parent, content }) => {
    const id = parent.msg_id ?? "";
    if (header.msg_type === "execute_input") ids.push(id);
    if (header.msg_type === "stream") texts.set(id, (texts.get(id) ?? "") + String(content["text"]));
  });
  for (const code of cells) await kernel.run(code);
  await sleep(ms);
  off();
  return ids.map((id) => stripVTControlCharacters(texts.get(id) ?? ""));
}

test("what a cell prints after its end is shown under it, not under the one that runs then", async () => {
  const late = await printedBy(
    [
      'setTimeout(() => console.log("LATE 0"), 0); console.log("a");',
      'console.log("b");',
      'setTimeout(() => console.log("LATE 30"), 30); console.log("c");',
      'await new Promise((resolve) => setTimeout(resolve, 100)); console.log("d");',
    ],
    100,
  );
  assert.equal(late, ["a\nLATE 0\n", "b\n", "c\nLATE 30\n", "d\n"]);
});

test("so is what an async function prints, an interval, a listener and code that a timer's callback calls", async () => {
  const late = await printedBy(
    [
      "const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));\nconst say = (text: string): void => console.log(text);",
      'void (async () => { await pause(20); say("async"); await pause(20); console.error("again"); })();',
      'import { EventEmitter } from "node:events"; const events = new EventEmitter(); events.on("x", () => console.log("listener"));',
      'let n = 0; const ticking = setInterval(() => { say("tick"); if (++n === 2) clearInterval(ticking); }, 20);',
      'import { setTimeout as wait } from "node:timers/promises"; void wait(30).then(() => say("then"));',
      'import { readFile } from "node:fs/promises"; void readFile("package.json").then(() => { console.log("read"); });',
      'await pause(150); events.emit("x"); say("last");',
    ],
    200,
  );
  assert.equal(late, ["", "async\nagain\n", "", "tick\ntick\n", "then\n", "read\n", "listener\nlast\n"]);
});

test("an error that nobody awaits is shown under its cell, with its place, and ends nothing", async () => {
  const late = await printedBy(
    [
      'void Promise.reject(new Error("at once"));',
      'setImmediate(() => { throw new Error("thrown right after the cell"); });',
      'void (async () => { await pause(30); throw new RangeError("later"); })();',
      'setTimeout(() => { throw "no error"; }, 30);',
      'setTimeout(async () => { await null; throw new Error("in a timer"); }, 30);',
      "void Promise.reject(new Proxy({}, { get() { throw 1; } }));",
      'process.nextTick(() => { throw new Error("next tick"); });',
      "await pause(200); 1",
    ],
    200,
  );
  const place = (text: string): string => `${text}\n`;
  assert.match(
    late[0]!,
    /^An error in a promise that nothing awaited:\nError: at once\n.*\n.*\n.*\n {4}at cell \[\d+\]:1:21\n$/,
  );
  assert.match(late[1]!, /^An error in a timer:\nError: thrown right after the cell\n[^]*at .*cell \[\d+\]:1:28\n$/);
  assert.match(late[2]!, /RangeError: later\n[^]*cell \[\d+\]:1:\d+\n$/);
  assert.match(late[3]!, place("An error in a timer:\nthrown: 'no error'"));
  assert.match(late[4]!, /Error: in a timer\n/);
  assert.match(late[5]!, /^An error in a promise that nothing awaited:\nthrown: \{\}\n$/);
  assert.match(late[6]!, /^An error that nothing caught:\nError: next tick\n/);
  assert.is(late[7], "");
  assert.is(valueOf(await kernel.run("1 + 1")), "2");
});

test("a display that is made late is shown under its cell, and a silent cell stays silent", async () => {
  const parents: (string | undefined)[] = [];
  const inputs: (string | undefined)[] = [];
  const off = kernel.client.onPublished(({ header, parent }) => {
    if (header.msg_type === "execute_input") inputs.push(parent.msg_id);
    if (header.msg_type === "display_data" || header.msg_type === "stream") parents.push(parent.msg_id);
  });
  await kernel.run('import { display } from "./src/index"; setTimeout(() => display({ "text/plain": "late" }), 30);');
  await kernel.run('setTimeout(() => console.log("unheard"), 20); console.log("unheard")', undefined, { silent: true });
  await kernel.run("await pause(100);");
  off();
  assert.equal(parents, [inputs[0]]);
});

test("a timer of an earlier cell goes on when a later cell is given up", async () => {
  await kernel.run("let beats = 0; const beating = setInterval(() => { beats += 1; }, 10);");
  let pressed = false;
  await kernel.run('console.log("started"); while (true) await pause(10);', () => {
    if (!pressed) kernel.client.interrupt();
    pressed = true;
  });
  const before = Number(valueOf(await kernel.run("beats")));
  await until("it goes on", async () => Number(valueOf(await kernel.run("beats"))) > before);
  await kernel.run("clearInterval(beating);");
});

test.run();
