import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeFolder } from "../../src/disk/make-folder";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("disk/make-folder");
const files = scratch();
test.after(() => files.remove());

test("a folder is made with those above it, and made again it stays", () => {
  const path = files.file("a/b/c");
  makeFolder(path);
  writeFileSync(join(path, "kept"), "");
  makeFolder(path);
  makeFolder(`${path}/../d/`);
  assert.ok(statSync(join(path, "kept")).isFile() && statSync(files.file("a/b/d")).isDirectory());
});

test("below a file, and in a file's place, there is none", () => {
  const file = files.file("file", "");
  throwsWith(() => makeFolder(file), "EEXIST");
  throwsWith(() => makeFolder(join(file, "a", "b")), "ENOTDIR");
});

test("where the system makes none, what it says is the end", () => {
  if (process.platform === "linux") throwsWith(() => makeFolder("/proc/nope/mine"), "ENOENT");
});

test.run();
