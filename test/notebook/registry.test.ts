import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openKeys, registered, unregister } from "../../src/notebook/registry";

const test = suite("notebook/registry");
const log: string[] = [];
const opener = (name: string) => async () => {
  log.push(`open ${name}`);
  return { name, dispose: () => void log.push(`dispose ${name}`) };
};
test.before.each(() => void log.splice(0));
test.after.each(async () => {
  for (const slot of Object.keys(openKeys())) await unregister(slot);
});

test("the same key is opened once, also when asked for twice at the same time", async () => {
  const [a, b] = await Promise.all([registered("m", opener("a")), registered("m", opener("b"))]);
  assert.is(a, b);
  assert.equal(log, ["open a"]);
});

test("another key in the same slot disposes the old value before it opens", async () => {
  await registered("fp32", opener("a"), "quick start");
  await registered("int8", opener("b"), "quick start");
  assert.equal(log, ["open a", "dispose a", "open b"]);
  assert.equal(openKeys(), { "quick start": "int8" });
});

test("values of different slots stay open beside each other", async () => {
  await registered("m", opener("a"));
  await registered("n", opener("b"));
  assert.equal(openKeys(), { m: "m", n: "n" });
});

test("a value that failed to open is forgotten, and the next try opens", async () => {
  const failing = async (): Promise<{ dispose(): void }> => {
    throw new Error("no such file");
  };
  let message = "";
  await registered("m", failing).catch((error: Error) => (message = error.message));
  assert.is(message, "no such file");
  assert.equal(openKeys(), {});
  await registered("m", opener("a"));
  assert.equal(log, ["open a"]);
});

test("a value that has ended is opened again, once for all who ask", async () => {
  let over = false;
  await registered("m", async () => ({ hasEnded: () => over, dispose: () => void log.push("dispose first") }));
  over = true;
  const [a, b] = await Promise.all([registered("m", opener("a")), registered("m", opener("b"))]);
  assert.is(a, b);
  assert.is(log.filter((line) => line.startsWith("open")).length, 1);
});

test.run();
