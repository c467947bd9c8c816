import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { onlyOne } from "../../scripts/only-one.mjs";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";
import { until } from "../support/until";

const test = suite("notebook/only-one");
const place = scratch();
test.after(() => place.remove());

/** A process that holds the lock while it runs this code. */
function holder(lock: string, code: string): { readonly ended: Promise<string>; readonly kill: () => void } {
  const script = JSON.stringify(path.resolve("scripts/only-one.mjs"));
  const whole = `import fs from "node:fs"; import { onlyOne } from ${script};
    await onlyOne(${JSON.stringify(lock)}, "at work", async () => { ${code} });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", whole]);
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (more: string) => (text += more));
  const ended = new Promise<string>((done) => child.on("close", () => done(text)));
  return { ended, kill: () => void child.kill("SIGKILL") };
}

test("of many at once each is alone, and the others say once for whom they wait", async () => {
  const lock = place.file("many.lock");
  const log = JSON.stringify(place.file("log"));
  const code = `fs.appendFileSync(${log}, "in "); await new Promise((done) => setTimeout(done, 100)); fs.appendFileSync(${log}, "out ");`;
  const said = await Promise.all([1, 2, 3, 4].map(() => holder(lock, code).ended));
  assert.is(readFileSync(place.file("log"), "utf8"), "in out ".repeat(4));
  for (const text of said)
    assert.match(
      text,
      /^(\[adazeta\] process \d+ is at work: waiting for it \(where no such process runs, delete .*\n)*$/,
    );
  assert.not(existsSync(lock));
});

test("the lock of one that was killed is taken over, and so is one that says nothing", async () => {
  const lock = place.file("killed.lock");
  const first = holder(lock, "await new Promise((done) => setTimeout(done, 100_000));");
  await until("it holds the lock", () => existsSync(lock));
  first.kill();
  await first.ended;
  assert.is(await onlyOne(lock, "at work", () => 1), 1);
  writeFileSync(lock, "nobody");
  assert.is(await onlyOne(lock, "at work", () => Promise.resolve(2)), 2);
});

test("what is no lock, and a folder that cannot be written, are one clear line each", async () => {
  const work = (): number => 1;
  mkdirSync(place.file("folder.lock"));
  await rejectsWith(
    onlyOne(place.file("folder.lock"), "at work", work),
    "folder.lock: expected a file of this user's, got EISDIR",
  );
  symlinkSync("/no/such/place", place.file("link.lock"));
  await rejectsWith(
    onlyOne(place.file("link.lock"), "at work", work),
    "link.lock: expected a lock that can be made or read",
  );
  const file = place.file("a-file", "");
  const below = path.join(file, "x.lock");
  await rejectsWith(onlyOne(below, "at work", work), `${file}: expected a folder that can be written, got EEXIST`);
});

test("an error of the work passes on, and the next one goes in", async () => {
  const lock = place.file("error.lock");
  await rejectsWith(
    onlyOne(lock, "at work", () => {
      throw new Error("no space");
    }),
    "no space",
  );
  assert.not(existsSync(lock));
});

test.run();
