import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Message } from "../../src/notebook/kernel-client";
import { readNotebook, withMessage, type Output } from "../../src/notebook/notebook-file";
import { removeFolder } from "../support/remove-folder";
import { throwsWith } from "../support/throws";
import { until } from "../support/until";

const test = suite("notebook/run-notebook");
let folder: string;
test.before(() => {
  folder = mkdtempSync(path.join(tmpdir(), "adazeta-notebook-"));
});
test.after(() => removeFolder(folder));

const message = (msg_type: string, content: Record<string, unknown>): Message => ({
  identities: [],
  header: { msg_id: "", session: "", msg_type },
  parent: {},
  metadata: {},
  content,
  buffers: [],
});
const collect = (...messages: readonly (readonly [number, Message])[]): readonly (readonly Output[])[] =>
  messages.reduce<readonly (readonly Output[])[]>((outputs, [at, next]) => withMessage(outputs, at, next), [[], []]);

function notebook(name: string, cells: readonly string[]): string {
  const file = path.join(folder, name);
  const code = cells.map((source) => ({ cell_type: "code", metadata: {}, outputs: [], execution_count: null, source }));
  writeFileSync(file, JSON.stringify({ cells: code, metadata: {}, nbformat: 4, nbformat_minor: 4 }));
  return file;
}

interface Result {
  readonly status: number | null;
  readonly output: string;
}

function run(
  args: readonly string[],
  onOutput: (text: string, kill: (signal?: NodeJS.Signals) => void) => void = () => undefined,
  env: NodeJS.ProcessEnv = {},
): Promise<Result> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--import", "tsx", "src/notebook/run-notebook.ts", ...args], {
      env: { ...process.env, ...env },
    });
    let output = "";
    const keep = (text: string): void => {
      output += text;
      onOutput(output, (signal = "SIGINT") => child.kill(signal));
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.on("close", (status) => resolve({ status, output }));
  });
}

test("text of one stream is joined, and of the other kept apart", () => {
  const stream = (name: string, text: string): Message => message("stream", { name, text });
  assert.equal(collect([0, stream("stdout", "a\n")], [0, stream("stdout", "b")], [0, stream("stderr", "c")])[0], [
    { output_type: "stream", name: "stdout", text: "a\nb" },
    { output_type: "stream", name: "stderr", text: "c" },
  ]);
});

test("an update changes the output it belongs to, also from a later cell", () => {
  const shown = (type: string, text: string): Message =>
    message(type, { data: { "text/plain": text }, metadata: {}, transient: { display_id: "d" } });
  const nameless = message("update_display_data", { data: { "text/plain": "c" }, metadata: {} });
  const outputs = collect([0, shown("display_data", "a")], [1, shown("update_display_data", "b")], [1, nameless]);
  assert.equal(collect([0, message("display_data", { data: {}, metadata: {} })], [1, nameless])[0]?.[0]?.["data"], {});
  assert.equal(outputs, [
    [{ output_type: "display_data", data: { "text/plain": "b" }, metadata: {}, displayId: "d" }],
    [],
  ]);
});

test("a file that is no notebook is an error that names it", () => {
  const file = path.join(folder, "broken.ipynb");
  writeFileSync(file, "{");
  throwsWith(() => readNotebook(file), /broken\.ipynb: expected a notebook \(JSON\)/);
  writeFileSync(file, '{"nbformat": 3}');
  throwsWith(() => readNotebook(file), /broken\.ipynb: expected a notebook of format 4, got 3/);
});

test("a notebook is executed with its parameters and written with its outputs, updates in place", async () => {
  const out = path.join(folder, "out.ipynb");
  const { status, output } = await run([
    "test/notebook/smoke.ipynb",
    "--out",
    out,
    "--set",
    "steps=3",
    "--set",
    "name=curve",
  ]);
  assert.is(status, 0, output);
  assert.match(output, /\[3\/3\] .* \(\d+\.\d s\)\nwrote /);
  const [, , drawn, last] = readNotebook(out).cells;
  assert.is(drawn?.outputs?.length, 2, "one figure and one bar");
  assert.match(JSON.stringify(drawn?.outputs?.[1]), /smoke: step 3\/3/);
  assert.equal(last?.outputs, [{ output_type: "stream", name: "stdout", text: ["{ steps: 3, name: 'curve' }\n"] }]);
  assert.not.match(readFileSync(out, "utf8"), /displayId|display_id/);
});

test("what a cell prints, or fails with, after its end is written under it, also under the last one", async () => {
  const file = notebook("late.ipynb", [
    'setTimeout(() => console.log("late"), 30); console.log("a");',
    'console.log("b");',
    'setTimeout(() => console.log("last"), 300);\n' +
      'void (async () => { await new Promise((done) => setTimeout(done, 100)); throw new Error("not awaited"); })();',
  ]);
  const { status, output } = await run([file]);
  assert.is(status, 0, output);
  const texts = readNotebook(file).cells.map(({ outputs = [] }) => outputs.flatMap(({ text }) => text).join(""));
  assert.equal(texts.slice(0, 2), ["a\nlate\n", "b\n"]);
  assert.match(texts[2] ?? "", /^An error in a promise that nothing awaited:\n.*not awaited[^]*last\n$/);
});

test("the first error ends it with status 1 and names the cell, and what came before is written", async () => {
  const file = notebook("error.ipynb", [
    'console.log("before");',
    'throw new Error("the reason");',
    'console.log("after");',
  ]);
  const { status, output } = await run([file]);
  assert.is(status, 1);
  assert.match(output, /error\.ipynb: cell 2: Error: the reason/);
  const [before, wrong, after] = readNotebook(file).cells;
  assert.is(before?.outputs?.length, 1);
  assert.is(wrong?.outputs?.[0]?.["evalue"], "the reason");
  assert.equal(after?.outputs, []);
});

test("Ctrl-C stops the cell, keeps its outputs and starts no other", async () => {
  const begun = path.join(folder, "begun");
  const file = notebook("stop.ipynb", [
    'import { writeFileSync } from "node:fs";\nimport { stopSignal } from "./src/notebook/stop-signal";\n' +
      `const signal = stopSignal();\nprocess.title = "x";\nwriteFileSync(${JSON.stringify(begun)}, "");\n` +
      'while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));\nconsole.log("kept");',
    'console.log("after");',
  ]);
  let killed = false;
  const { status } = await run([file], (text, kill) => {
    if (killed || !text.includes("[1/2]")) return;
    killed = true;
    void until("the cell has begun", () => existsSync(begun)).then(() => kill());
  });
  assert.is(status, 130);
  const [first, second] = readNotebook(file).cells;
  assert.equal(first?.outputs, [{ output_type: "stream", name: "stdout", text: ["kept\n"] }]);
  assert.equal(second?.outputs, []);
});

const ends: Readonly<Record<string, RegExp>> = {
  "setTimeout(process.exit, 0, 3); await new Promise(() => {});": /^the kernel ended \(exit code 3\) in cell 2$/,
  "process.abort();": /^the kernel ended \(signal SIGABRT\) in cell 2$/,
  'process.kill(process.pid, "SIGKILL");': /^the kernel ended \(signal SIGKILL\) in cell 2$/,
  "const all: unknown[] = []; while (true) all.push(new Array(1e5).fill(0.5));":
    /^the kernel ended \((signal SIGABRT|exit code 134): .*out of memory\) in cell 2$/,
};
for (const [code, expected] of Object.entries(ends))
  test(`a cell that ends the kernel keeps what it had printed, and what cells before it had: ${code}`, async () => {
    const said = 'console.log("one");\nprocess.stderr.write("two");\nconsole.log("three");\n';
    const file = notebook("ended.ipynb", ['console.log("hours of work");', said + code, 'console.log("after");']);
    const { status, output } = await run([file], undefined, { NODE_OPTIONS: "--max-old-space-size=500" });
    assert.is(status, 1, output);
    assert.match(output, /ended\.ipynb: cell 2: KernelEnded: the kernel ended/);
    const [before, ended, after] = readNotebook(file).cells.map(({ outputs = [] }) => outputs);
    const stream = (name: string, text: string): object => ({ output_type: "stream", name, text: [text] });
    assert.equal(before, [stream("stdout", "hours of work\n")]);
    assert.equal(ended?.slice(0, 3), [stream("stdout", "one\n"), stream("stderr", "two"), stream("stdout", "three\n")]);
    assert.is(ended?.length, 4);
    assert.is(ended?.[3]?.["ename"], "KernelEnded");
    assert.match(String(ended?.[3]?.["evalue"]), expected);
    assert.equal(after, []);
  });

test("a kernel that ends after a cell that was well is an error too", async () => {
  // The file is written at the end of each cell: its change tells the kernel that the first one is over.
  const endsOnceSaved = (file: string): string =>
    'import { statSync } from "node:fs";\nconst changed = () => statSync(FILE).mtimeMs;\nconst before = changed();\n'
      .concat(
        'console.log("kept");\nvoid setInterval(() => changed() === before || setTimeout(process.exit, 0, 5), 20);',
      )
      .replace("FILE", JSON.stringify(file));
  const file = notebook("later.ipynb", ["", "await new Promise(() => {});"]);
  notebook("later.ipynb", [endsOnceSaved(file), "await new Promise(() => {});"]);
  const { status, output } = await run([file]);
  assert.is(status, 1);
  assert.match(output, /the kernel ended \(exit code 5\) (in cell 2|after cell 1)/);
  assert.equal(readNotebook(file).cells[0]?.outputs?.[0]?.["text"], ["kept\n"]);
});

const once = (): ((text: string) => boolean) => {
  let told = false;
  return (text) => !told && text.includes("[1/") && (told = true);
};

test("Ctrl-C that comes before the kernel has begun the cell stops it all the same", async () => {
  for (let i = 0; i < 2; i++) {
    const file = notebook("early.ipynb", [`// ${"x".repeat(1_000_000)}\nawait new Promise(() => {});`]);
    const isFirst = once();
    const { status, output } = await run([file], (text, kill) => isFirst(text) && kill());
    assert.is(status, 130, output);
  }
});

test("Ctrl-C before the first cell leaves the outputs of an earlier run", async () => {
  const file = notebook("earlier.ipynb", ['console.log("hours");']);
  assert.is((await run([file])).status, 0);
  const before = readFileSync(file, "utf8");
  const child = spawn(process.execPath, ["--import", "tsx", "src/notebook/run-notebook.ts", file]);
  const ended = new Promise((resolve) => child.on("close", resolve));
  const children = `/proc/${child.pid}/task/${child.pid}/children`;
  await until("it starts its kernel", () => existsSync(children) && readFileSync(children, "utf8") !== "");
  child.kill();
  await ended;
  assert.is(readFileSync(file, "utf8"), before);
});

test("whoever stops reading the lines ends nothing", async () => {
  const file = notebook("unread.ipynb", ["console.log(1); await new Promise((r) => setTimeout(r, 300));", "2", "3"]);
  const child = spawn(process.execPath, ["--import", "tsx", "src/notebook/run-notebook.ts", file]);
  child.stdout.once("data", () => child.stdout.destroy());
  const status = await new Promise((resolve) => child.on("exit", resolve));
  assert.is(status, 0);
  assert.equal(
    readNotebook(file).cells.map(({ outputs = [] }) => outputs.length),
    [1, 1, 1],
  );
});

test("a second Ctrl-C, and the end of the terminal, leave what was computed until then", async () => {
  for (const [signals, expected] of [
    [["SIGINT", "SIGINT"], 130],
    [["SIGTERM", "SIGTERM"], 143],
    [["SIGHUP", "SIGHUP"], 129],
  ] as const) {
    const begun = path.join(folder, `begun-${expected}`);
    const begins = `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(begun)}, "");`;
    const file = notebook("twice.ipynb", [
      'console.log("kept");',
      `${begins} console.log("part"); while (true) await null;`,
    ]);
    let sent = 0;
    const { status } = await run([file], (text, kill) => {
      if (sent > 0 || !text.includes("[2/2]")) return;
      sent += 1;
      void until("the cell has begun", () => existsSync(begun)).then(() => {
        for (const [at, signal] of signals.entries()) setTimeout(() => kill(signal), 500 + 100 * at);
      });
    });
    assert.is(status, expected);
    const [first, second] = readNotebook(file).cells;
    assert.equal(first?.outputs?.[0]?.["text"], ["kept\n"]);
    assert.equal(second?.outputs?.[0]?.["text"], ["part\n"]);
  }
});

test("wrong arguments are one clear line", async () => {
  for (const [args, expected] of [
    [[], /^npm run notebook -- FILE/],
    [["no.ipynb"], /^no\.ipynb: there is no such file/],
    [["test/notebook/smoke.ipynb", "--sett", "a=1"], /^--sett: unknown option/],
    [["test/notebook/smoke.ipynb", "--set", "a"], /^--set: expected name=value/],
    [
      ["test/notebook/smoke.ipynb", "--out", "no-such-folder/a.ipynb"],
      /^--out no-such-folder\/a\.ipynb: there is no folder/,
    ],
  ] as const) {
    const { status, output } = await run(args);
    assert.is(status, 1);
    assert.match(output, expected);
  }
});

test.run();
