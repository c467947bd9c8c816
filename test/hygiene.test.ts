import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("hygiene");
const git = (...args: string[]): readonly string[] =>
  execFileSync("git", args, { encoding: "utf8", maxBuffer: 1 << 26 })
    .split("\0")
    .filter((name) => name !== "" && existsSync(name));
/** Committed files and new ones that are not ignored. */
const files = git("ls-files", "-z", "--cached", "--others", "--exclude-standard");
const testFiles = files.filter((name) => name.startsWith("test/") && name.endsWith(".ts"));
const isText = (bytes: Buffer): boolean => !bytes.subarray(0, 8000).includes(0);
const linesWith = (pattern: RegExp, names: readonly string[]): readonly string[] =>
  names.flatMap((name) => {
    const bytes = readFileSync(name);
    if (!isText(bytes)) return [];
    return bytes
      .toString("utf8")
      .split("\n")
      .flatMap((line, at) => (pattern.test(line) ? [`${name}:${at + 1}: ${line.trim().slice(0, 100)}`] : []));
  });
// Written so that this file does not contain what it looks for.
const machinePath = new RegExp(["work", "root", "tmp/w-"].map((part) => `(?<![\\w.$}])/${part}(?:/|\\b-)`).join("|"));
const registryHost = new RegExp(
  ["registry\\.npm" + "js", "pypi\\." + "org", "files\\.python" + "hosted"].join("|"),
  "i",
);

test("every test file makes a suite and ends by running it, or uvu would skip it silently", () => {
  const wrong = testFiles
    .filter((name) => name.endsWith(".test.ts"))
    .filter((name) => {
      const text = readFileSync(name, "utf8");
      return !text.includes("suite(") || !/\.run\(\);\s*$/.test(text);
    });
  assert.equal(wrong, []);
});

test("no file that makes a suite is outside the pattern test/**/*.test.ts", () => {
  const outside = files
    .filter(
      (name) => /\.(ts|mts|cts|js|mjs|cjs)$/.test(name) && !(name.startsWith("test/") && name.endsWith(".test.ts")),
    )
    .filter((name) => /from "uvu"/.test(readFileSync(name, "utf8")));
  assert.equal(outside, []);
});

test("no test is marked as the only one", () => {
  assert.equal(linesWith(new RegExp("\\." + "only\\("), testFiles), []);
});

test("an expected error is compared: uvu takes a text as its own message, so throwsWith is used", () => {
  const elsewhere = testFiles.filter((name) => name !== "test/support/throws.ts");
  assert.equal(linesWith(new RegExp("\\bassert\\." + "throws\\b"), elsewhere), []);
  assert.equal(linesWith(new RegExp("import \\{[^}]*\\b" + 'throws\\b[^}]*\\} from "uvu'), elsewhere), []);
});

test("committed text names no path of one machine and no registry host", () => {
  assert.equal(linesWith(machinePath, files), []);
  assert.equal(linesWith(registryHost, files), []);
});

test("the lock file has no download addresses", () => {
  assert.is(/"resolved"\s*:/.test(readFileSync("package-lock.json", "utf8")), false);
});

test("dependencies are exact versions", () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
    readFileSync("package.json", "utf8"),
  ) as Record<"dependencies" | "devDependencies" | "optionalDependencies", Record<string, string>>;
  const all = { ...dependencies, ...devDependencies, ...optionalDependencies };
  const loose = Object.entries(all).filter(([, version]) => !/^\d/.test(version));
  assert.equal(loose, []);
});

test.run();
