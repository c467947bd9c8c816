import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { countTests, skipReasons } from "../../scripts/count-tests.mjs";
import { nodeIsNewEnough, packagesAreInstalled } from "../../scripts/set-up-node.mjs";
import { pythonIsNewEnough } from "../../scripts/set-up-python.mjs";

const test = suite("notebook/scripts");
const summary = (total: number, passed: number, skipped: number): string =>
  `\n  Total:     ${total}\n\x1b[32m  Passed:    ${passed}\x1b[39m\n  Skipped:   ${skipped}\n  Duration:  1.00ms\n\n`;

test("the counts are uvu's own", () => {
  assert.equal(countTests(summary(5, 5, 2), 0), { passed: 5, failed: 0, skipped: 2 });
  assert.equal(countTests(summary(5, 3, 0), 1), { passed: 3, failed: 2, skipped: 0 });
});

test("a test that skipped itself is not counted as passed", () => {
  const output = ` suite  ${"SK" + "IP"}: no model\n• • ${"SK" + "IP"}: no chromium\n• ${summary(3, 3, 0)}`;
  assert.equal(countTests(output, 0), { passed: 1, failed: 0, skipped: 2 });
  assert.equal(skipReasons(output), ["no model", "no chromium"]);
});

test("a file that ended before its summary failed, whatever its status", () => {
  assert.equal(countTests("", 0), { passed: 0, failed: 1, skipped: 0 });
  assert.equal(countTests("Error: no such module", 1), { passed: 0, failed: 1, skipped: 0 });
  assert.equal(countTests(summary(2, 2, 0), undefined), { passed: 2, failed: 1, skipped: 0 });
});

test("Node ^20.19 and >= 22.12 are new enough", () => {
  const versions = ["18.20.0", "20.18.9", "20.19.0", "21.7.0", "22.11.0", "22.12.0", "24.0.0"];
  assert.equal(versions.filter(nodeIsNewEnough), ["20.19.0", "22.12.0", "24.0.0"]);
});

test("Python 3.11 and later are new enough", () => {
  assert.equal(["2.7", "3.9", "3.10", "3.11", "3.14"].filter(pythonIsNewEnough), ["3.11", "3.14"]);
});

test("node_modules fit when every version is the lock file's; optional packages may be missing", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "adazeta-packages-"));
  const write = (name: string, packages: object): void =>
    writeFileSync(path.join(folder, name), JSON.stringify({ packages }));
  mkdirSync(path.join(folder, "node_modules"));
  write("package-lock.json", { "": {}, a: { version: "1.0.0" }, b: { version: "2.0.0", optional: true } });
  assert.is(packagesAreInstalled(folder), false);
  write("node_modules/.package-lock.json", { a: { version: "1.0.0" } });
  assert.is(packagesAreInstalled(folder), false, "npm's list alone is not the package");
  mkdirSync(path.join(folder, "a"));
  assert.is(packagesAreInstalled(folder), true);
  write("node_modules/.package-lock.json", { a: { version: "1.0.1" } });
  assert.is(packagesAreInstalled(folder), false);
  rmSync(folder, { recursive: true });
});

test.run();
