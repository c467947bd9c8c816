import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runChild } from "../../scripts/child.mjs";
import { signalIfThere } from "../../src/disk/signal";
import { ends, runs } from "../support/processes";
import { scratch } from "../support/scratch";
import { until } from "../support/until";

const test = suite("notebook/child");
const place = scratch();
test.after(() => place.remove());

/** The process numbers that a program has written to a file. */
async function pidsIn(file: string): Promise<readonly number[]> {
  await until("the program has begun", () => existsSync(file));
  return readFileSync(file, "utf8").trim().split(" ").map(Number);
}

test("a program's status, its text piece by piece and its folder", async () => {
  const pieces: string[] = [];
  const options = { cwd: place.file("."), onText: (text: string) => void pieces.push(text) };
  const { status, text } = await runChild("sh", ["-c", "pwd; echo warned >&2; exit 3"], options);
  assert.is(status, 3);
  assert.equal(text.trim().split("\n").sort(), [path.resolve(place.file(".")), "warned"].sort());
  assert.is(pieces.join(""), text);
});

test("where there is no such program, the status is 127 and the text names it", async () => {
  const { status, text } = await runChild("no-such-program", []);
  assert.is(status, 127);
  assert.match(text, "no-such-program");
});

for (const signal of ["SIGKILL", "SIGINT", "SIGTERM", "SIGHUP"] as const)
  test(`a program ends with its script, and what it has started too: ${signal}`, async () => {
    const pids = place.file(`pids-${signal}`);
    const program = `sleep 1000 & echo $! $$ > ${pids}.new; mv ${pids}.new ${pids}; wait`;
    const code = `import { runChild } from ${JSON.stringify(path.resolve("scripts/child.mjs"))}; await runChild("sh", ["-c", ${JSON.stringify(program)}]);`;
    const script = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "ignore" });
    const started = await pidsIn(pids);
    assert.equal(started.map(runs), [true, true]);
    script.kill(signal);
    for (const pid of started) assert.ok(await ends(pid));
  });

test("a program that is interrupted with its script, as Ctrl-C of a terminal does, ends as well", async () => {
  const pids = place.file("pids-group");
  const program = `echo $$ > ${pids}.new; mv ${pids}.new ${pids}; sleep 1000`;
  const code = `process.on("SIGINT", () => {}); import { runChild } from ${JSON.stringify(path.resolve("scripts/child.mjs"))}; console.log((await runChild("sh", ["-c", ${JSON.stringify(program)}])).status);`;
  const script = spawn(process.execPath, ["--input-type=module", "-e", code], { detached: true });
  let said = "";
  script.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise((done) => script.on("close", done));
  const [pid] = await pidsIn(pids);
  signalIfThere(-script.pid!, "SIGINT");
  await ended;
  assert.is(said, "1\n");
  assert.not(runs(pid!));
});

test.run();
