import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { livesHere, thisProcess } from "../../src/disk/holder";
import { takeLock, tryLock } from "../../src/disk/lock";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("disk/lock");
const files = scratch();
test.after(() => files.remove());

/** A lock file as a holder left it, without a sign of life for so many seconds. */
function leftBy(name: string, holder: object, silentSeconds = 0): string {
  const path = files.file(name, `${JSON.stringify(holder)}\n`);
  const last = new Date(Date.now() - 1000 * silentSeconds);
  utimesSync(path, last, last);
  return path;
}

test("of this boot and container the process number decides, however long it was silent", () => {
  const mine = thisProcess();
  const parent = { ...mine, pid: process.ppid, processStart: null };
  throwsWith(
    () => takeLock(leftBy("living", parent, 3600)),
    `got process ${process.ppid} on this computer; wait for it`,
  );
  takeLock(leftBy("gone", { ...mine, pid: 2 ** 22 + 7, processStart: null })).release();
  if (mine.processStart !== null) takeLock(leftBy("number", { ...mine, processStart: "1" })).release();
});

test("of another container or computer a minute without a sign of life decides, though the number lives here", () => {
  const other = { ...thisProcess(), place: "another boot pid:[1]", host: "elsewhere" };
  throwsWith(() => takeLock(leftBy("beating", other, 50)), "on elsewhere; delete");
  takeLock(leftBy("silent", other, 70)).release();
  // a container that is started again has its old name, and may give out the old numbers
  const again = { ...thisProcess(), place: "another boot pid:[1]" };
  throwsWith(() => takeLock(leftBy("same-host", again, 50)), "expected that nothing else works on it");
  takeLock(leftBy("same-host-silent", again, 70)).release();
});

test("a cell of this process whose code was ended gives no sign of life, and is taken over; its claim is then lost", () => {
  const path = files.file("cell.lock");
  const first = takeLock(path);
  const held = tryLock(path).held!;
  assert.ok(held.same && held.who.endsWith("(this very one: another cell)"), held.who);
  assert.ok(Math.abs(Date.parse(held.since!) - Date.now()) < 60_000);
  const before = new Date(Date.now() - 30_000);
  utimesSync(path, before, before);
  const second = takeLock(path);
  assert.equal([first.held(), second.held()], [false, true]);
  first.release(); // gives nothing back that is another's
  assert.ok(existsSync(path));
  second.release();
  assert.not.ok(existsSync(path));
  assert.equal(
    readdirSync(dirname(path)).filter((name) => name.startsWith("cell.lock")),
    [],
  );
});

test("a process that has ended and that nobody has fetched holds nothing", async () => {
  if (!existsSync("/proc/self/stat")) return;
  // the shell becomes a program that does not fetch its child
  const child = spawn("sh", ["-c", "sleep 0.5 & echo $!; exec sleep 30"], { stdio: ["ignore", "pipe", "ignore"] });
  const pid = Number(await new Promise((resolve) => child.stdout.once("data", (text) => resolve(String(text)))));
  const stateOf = () => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
  while (stateOf() !== "Z") await new Promise((resolve) => setTimeout(resolve, 20));
  assert.not.ok(livesHere({ pid, processStart: null }));
  child.kill();
});

test("a lock that is empty for a moment is waited for, one that stays so is taken over", () => {
  const path = files.file("empty.lock");
  writeFileSync(path, "");
  throwsWith(() => takeLock(path), "try again");
  const before = new Date(Date.now() - 5_000);
  utimesSync(path, before, before);
  takeLock(path).release();
});

test.run();
