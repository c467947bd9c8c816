import { rmSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readText } from "../../src/disk/read-text";
import { scratch } from "../support/scratch";

const test = suite("disk/read-text");
const files = scratch();
test.after(() => files.remove());

test("a file's text is read, an empty one too, and what is gone or no file has none", () => {
  const path = files.file("a.txt");
  for (const text of ["", "gr\u00fc\u00dfe\n"]) {
    writeFileSync(path, text);
    assert.is(readText(path), text);
  }
  rmSync(path);
  assert.is(readText(path), null);
  assert.is(readText("."), null);
});

test.run();
