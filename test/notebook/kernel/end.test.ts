import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { freePorts, startKernel } from "../../../src/notebook/kernel-client";
import { kernelRuns, sleep, type KernelRuns } from "../../support/kernel-runs";
import { removeFolder } from "../../support/remove-folder";
import { until } from "../../support/until";

const test = suite("notebook/kernel/end");

/** How a kernel ends after it was used; what it logged must be nothing. */
async function endAfter(use: (kernel: KernelRuns) => Promise<unknown>): Promise<number | string | null> {
  const kernel = await kernelRuns();
  await use(kernel);
  await kernel.client.close();
  const { exitCode, signalCode } = kernel.client.process;
  assert.is(kernel.log(), "");
  return signalCode ?? exitCode;
}

const open =
  'import { tinyModel } from "./test/support/tiny-models";\nimport { openAdapter } from "./src/notebook/open";\n' +
  'const { model, batch } = tinyModel("bert");\n' +
  'const { session } = await openAdapter({ name: "bert", model } as any, { kind: "none" });\n' +
  "await session.features([new Float32Array(0)], batch);";

test("a kernel with an open model ends well", async () => {
  assert.is(await endAfter(async ({ run }) => assert.is((await run(open)).reply["status"], "ok")), 0);
});

test("so does one with large answers on their way", async () => {
  const end = await endAfter(async ({ run, client }) => {
    await run(`// ${"x".repeat(1_000_000)}`);
    const question = { hist_access_type: "tail", output: false };
    for (let i = 0; i < 40; i++) client.request("history_request", question, "control").catch(() => undefined);
  });
  assert.is(end, 0);
});

test("so does one whose model computes: what it is in the middle of is waited for, and nothing more is begun", async () => {
  const end = await endAfter(async ({ run }) => {
    await run(open);
    await run(
      "const ids = Array.from({ length: 400 }, (_, i) => Array.from({ length: 30 }, (_, t) => (i + t) % 9));\n" +
        "for (let i = 0; i < 20; i++) void session.features([new Float32Array(0)], { ids }).catch(() => {});",
    );
  });
  assert.is(end, 0);
});

// The control thread must be done with its sockets when the process ends: once in nine times, four at once, it was not.
const AT_ONCE = 4;
const ENDS = 10;
const endsAtOnce = `
  const { startControl } = require("./src/notebook/kernel/control.cjs");
  const [control_port, hb_port] = process.argv.slice(1);
  const options = { blockedMs: 1000, onSignal() {}, giveUp() {} };
  startControl({ transport: "tcp", ip: "127.0.0.1", key: "", control_port, hb_port }, options).then(
    (control) => {
      process.on("exit", () => control.closeNow());
      setTimeout(process.exit, 5, 5);
    },
    (error) => {
      console.error(error.message);
      process.exit(6);
    },
  );`;

interface End {
  readonly how: number | string | null;
  readonly log: string;
}

function controlEnds(ports: readonly number[]): Promise<End> {
  const child = spawn(process.execPath, ["-e", endsAtOnce, ...ports.map(String)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  return new Promise((resolve) => child.on("close", (status, signal) => resolve({ how: signal ?? status, log })));
}

test("a kernel that is told to end by a signal says so", async () => {
  const kernel = await kernelRuns();
  const ended = new Promise((resolve) =>
    kernel.client.process.once("exit", (status, signal) => resolve(signal ?? status)),
  );
  kernel.client.process.kill("SIGTERM");
  assert.is(await ended, 143);
  await kernel.client.close();
});

test("a kernel removes the folder that was made for its connection once it has read it, and leaves any other file", async () => {
  const [shell_port, iopub_port, control_port, stdin_port, hb_port] = await freePorts(5);
  const ports = { shell_port, iopub_port, control_port, stdin_port, hb_port };
  for (const own_folder of [true, undefined]) {
    const folder = mkdtempSync(path.join(tmpdir(), "adazeta-end-"));
    const file = path.join(folder, "connection.json");
    writeFileSync(file, JSON.stringify({ transport: "tcp", ip: "127.0.0.1", key: "k", ...ports, own_folder }));
    const child = spawn(process.execPath, ["src/notebook/kernel.cjs", file], { stdio: "ignore" });
    if (own_folder === true) await until("its folder is gone", () => !existsSync(folder));
    else await sleep(500);
    assert.is(existsSync(file), own_folder === undefined);
    child.kill("SIGKILL");
    await removeFolder(folder);
  }
});

test("a line of a cell's own in the pipe for last words is passed over", async () => {
  const kernel = await kernelRuns();
  try {
    const ran = await kernel.run(
      'import { writeSync } from "node:fs";\nwriteSync(3, "junk\\n{}\\n[1]\\nnull\\n"); console.log("kept");',
    );
    assert.is(ran.text, "kept\n", JSON.stringify(ran.reply));
  } finally {
    await kernel.client.close();
  }
});

test("a process that ends at once ends as it says, whatever its control thread does", async () => {
  const ends = Array.from({ length: AT_ONCE }, async () => {
    for (let i = 0; i < ENDS; i++) assert.equal(await controlEnds(await freePorts(2)), { how: 5, log: "" });
  });
  await Promise.all(ends);
});

test("so does one whose control thread finds its port taken, and says so", async () => {
  const [port = 0] = await freePorts(1);
  const ends = Array.from({ length: AT_ONCE }, () => controlEnds([port, port]));
  for (const { how, log } of await Promise.all(ends)) {
    assert.is(how, 6);
    assert.match(log, /Address already in use/);
  }
});

test("a kernel that finds its ports taken by another one is started again with others", async () => {
  let taken: readonly number[] = [];
  const first = await startKernel({ ports: async (count) => (taken = await freePorts(count)) });
  try {
    await first.execute('void setInterval(() => console.log("heard by who listens there"), 2);');
    const given = [taken];
    const second = await startKernel({ ports: async (count) => given.pop() ?? freePorts(count) });
    assert.is(given.length, 0);
    assert.is((await second.execute("1 + 1")).content["status"], "ok");
    await second.close();
  } finally {
    await first.close();
  }
});

test.run();
