import { suite } from "uvu";
import * as assert from "uvu/assert";
import { begun, find, kernelRuns, sleep, valueOf, type KernelRuns } from "../../support/kernel-runs";
import { until } from "../../support/until";

const test = suite("notebook/kernel/stop");
let kernel: KernelRuns;
test.before(async () => {
  kernel = await kernelRuns();
});
test.after(async () => kernel.client.close());

/** Runs a cell and presses Stop once, when it prints its first text. */
const stopped = async (code: string) => {
  let pressed = false;
  return kernel.run(code, () => {
    if (!pressed) kernel.client.interrupt();
    pressed = true;
  });
};
const tick = "await new Promise((resolve) => setTimeout(resolve, 10));";

test("a loop that watches the signal ends by itself, keeps its outputs, and cancels the cells that wait", async () => {
  const loop = stopped(
    'import { stopSignal } from "./src/notebook/stop-signal";\nconst signal = stopSignal();\n' +
      `console.log("started");\nwhile (!signal.aborted) ${tick}\nconsole.log("kept");`,
  );
  const next = kernel.run("1");
  const ran = await loop;
  assert.is(ran.reply["status"], "ok");
  assert.is(ran.text, "started\nkept\n");
  assert.is((await next).reply["status"], "aborted");
  const after = await kernel.run('import { stopSignal as again } from "./src/notebook/stop-signal";\nagain().aborted');
  assert.is(valueOf(after), "false");
});

test("a run in the middle of a step that never ends says where it stopped, and the next cell works", async () => {
  const ran = await stopped(
    'import { stopSignal as signalOf } from "./src/index";\n' +
      'import { train } from "./src/parts";\n' +
      'import { quadratic, quadraticRun } from "./test/support/analytic-runs";\n' +
      "const objective = { ...quadratic, losses: (points: readonly Float32Array[], batch: number) => {\n" +
      '  if (batch === 3) console.log("started");\n' +
      "  return batch === 3 ? new Promise<never>(() => {}) : quadratic.losses(points, batch);\n} };\n" +
      "const { end, message } = await train(quadraticRun({ objective, signal: signalOf() }));\n" +
      "console.log(end.step, message);",
  );
  assert.is(ran.reply["status"], "ok", JSON.stringify(ran.reply));
  assert.match(ran.text, /^started\n3 .*step 3/);
  assert.is(valueOf(await kernel.run("end.reason")), "'stopped'");
});

test("a cell that keeps the thread busy is not taken for the stopped one before it", async () => {
  await stopped(`console.log("started");\nwhile (!stopSignal().aborted) ${tick}`);
  const busy = "const until = Date.now() + 2500;\nwhile (Date.now() < until);\n7";
  assert.is(valueOf(await kernel.run(busy)), "7");
});

test("a loop that ignores the signal is given up, and does not go on behind the next cells", async () => {
  const ran = await stopped(
    `(globalThis as any).ticks = 0;\nconsole.log("started");\nwhile (true) { ${tick} (globalThis as any).ticks += 1; }`,
  );
  assert.is(find(ran, "error")["ename"], "Interrupted");
  assert.match(String(find(ran, "error")["traceback"]), /^\S+Interrupted: the cell was stopped\S+$/, "one line");
  const ticks = async (): Promise<number> => Number(valueOf(await kernel.run("(globalThis as any).ticks")));
  const first = await ticks();
  assert.ok(first > 10);
  await sleep(200);
  assert.is(await ticks(), first);
});

test("so do awaited timers of Node and intervals of a cell that was given up", async () => {
  await stopped(
    'import { setTimeout as wait } from "node:timers/promises";\n(globalThis as any).ticks = [0, 0];\n' +
      'setInterval(() => ((globalThis as any).ticks[0] += 1), 10);\nconsole.log("started");\n' +
      "while (true) { await wait(10); (globalThis as any).ticks[1] += 1; }",
  );
  const ticks = async (): Promise<unknown> => valueOf(await kernel.run("(globalThis as any).ticks"));
  const first = await ticks();
  assert.match(String(first), /^\[ [1-9]\d*, [1-9]\d* \]$/);
  await sleep(100);
  assert.is(await ticks(), first);
});

test("timers of a cell that was not stopped go on after it has ended", async () => {
  await kernel.run("(globalThis as any).late = 0; setTimeout(() => ((globalThis as any).late = 1), 50);");
  await until("it has gone off", async () => valueOf(await kernel.run("(globalThis as any).late")) === "1");
});

test("a loop that never yields is ended before the cell's first await", async () => {
  const ran = await stopped('console.log("started"); while (true) {}');
  assert.is(find(ran, "error")["ename"], "Interrupted");
  assert.is(valueOf(await kernel.run("1 + 1")), "2");
});

test("and after it, with what earlier cells have made", async () => {
  await kernel.run("const kept = [1, 2, 3];");
  const ran = await stopped(`${tick} console.log("started"); while (true) {}`);
  assert.is(find(ran, "error")["ename"], "Interrupted");
  assert.is(valueOf(await kernel.run("kept.length")), "3");
});

test("a loop in a timer, too", async () => {
  const ran = await stopped(
    `console.log("started"); setTimeout(() => { while (true); }, 50); await new Promise(() => {});`,
  );
  assert.is(find(ran, "error")["ename"], "Interrupted");
  assert.is(valueOf(await kernel.run("kept.length")), "3");
});

test("and one that awaits only promises that are already there", async () => {
  const ran = await stopped(`${tick} console.log("started"); while (true) await null;`);
  assert.is(find(ran, "error")["ename"], "Interrupted");
  assert.is(valueOf(await kernel.run("kept.length")), "3");
});

test("the heartbeat and Stop are answered while a cell never yields", async () => {
  const { ran } = await begun(kernel, `${tick} console.log("started"); while (true) {}`);
  assert.ok(await kernel.client.beats(2000));
  kernel.client.interrupt();
  assert.is(find(await ran, "error")["ename"], "Interrupted");
});

test("a cell may be stopped by an operating system's signal too", async () => {
  const ran = await kernel.run('console.log("started"); while (true) {}', () => kernel.client.process.kill("SIGINT"));
  assert.is(find(ran, "error")["ename"], "Interrupted");
});

test("Stop between cells does nothing", async () => {
  kernel.client.interrupt();
  await sleep(50);
  assert.is((await kernel.run("1")).reply["status"], "ok");
});

test.run();
