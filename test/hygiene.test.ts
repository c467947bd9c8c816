import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
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

test("relative links of the pages lead to files", () => {
  const pages = files.filter((name) => name.endsWith(".md") && !name.startsWith("test/fixtures/"));
  const dead = pages.flatMap((page) =>
    [...readFileSync(page, "utf8").matchAll(/\]\(([^)#\s"]+)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^\w+:/.test(target) && !existsSync(join(dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  );
  assert.equal(dead, []);
});

test("no test is marked as the only one", () => {
  assert.equal(linesWith(new RegExp("\\." + "only\\("), testFiles), []);
});

test("an expected error is compared: uvu takes a text as its own message, so throwsWith is used", () => {
  const elsewhere = testFiles.filter((name) => name !== "test/support/throws.ts");
  assert.equal(linesWith(new RegExp("\\bassert\\." + "throws\\b"), elsewhere), []);
  assert.equal(linesWith(new RegExp("import \\{[^}]*\\b" + 'throws\\b[^}]*\\} from "uvu'), elsewhere), []);
});

test("no docstring of an exported declaration leans on the one above it, or says only what is thrown", () => {
  const leaning = files
    .filter((name) => name.startsWith("src/") && /\.c?ts$/.test(name))
    .flatMap((name) =>
      [
        ...readFileSync(name, "utf8").matchAll(/\/\*\*[\s*]*((?:The same\b|@throws)(?:(?!\*\/)[^])*)\*\/\s*export\b/g),
      ].map(([, first]) => `${name}: ${first}`),
    );
  assert.equal(leaning, []);
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

/** A cell of a notebook, as far as it is looked at here. */
interface NotebookCell {
  readonly cell_type: "code" | "markdown";
  readonly id: string;
  readonly source: readonly string[];
}

/** What makes results: reading records, or training. */
const makesResults = /\b(?:paperRecords|studyRecords|costRecords|runLive)\(/;

/**
 * Typed-in findings of a text: decimals, percentages, and counts like "two seeds of three". What stands in code or in a formula is a
 * setting, and the number of an arXiv paper is none.
 */
function typedFindings(markdown: string): readonly string[] {
  const prose = markdown
    .replace(/```[^]*?```|`[^`]*`|\$[^$]*\$/g, "")
    .replace(/arXiv:? ?\d{4}\.\d{5}/g, "")
    .replace(/\bv?\d+\.\d+\.\d+\b/g, "");
  const count = "(?:one|two|three|four|five|\\d+)";
  const findings = new RegExp(
    `\\d+\\.\\d+|\\d+ ?%|(?<![\\d,])\\b${count} (?:seeds? )?(?:of|in) (?:the )?${count}\\b|\\b${count} seeds (?:of|in) `,
    "gi",
  );
  return prose.match(findings) ?? [];
}

/** Numbers that may be typed below results, with the reason. */
const typed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "00-quickstart": { "0.3": "the margin of our definition of divergence" },
  "09-the-field-at-equal-cost": { "95 %": "the level that its intervals are computed at" },
  "02-divergence-vs-query-schedule": { "0.01": "how exactly a published image can be read" },
};

test("below its results no reading of a notebook has a number typed in: a cell computes it, or the list says why", () => {
  const names = files.filter((name) => /^notebooks\/.*\.ipynb$/.test(name));
  assert.ok(names.length >= 9);
  const used = new Set<string>();
  const wrong = names.flatMap((name) => {
    const { cells } = JSON.parse(readFileSync(name, "utf8")) as { readonly cells: readonly NotebookCell[] };
    const textOf = ({ source }: NotebookCell): string => source.join("");
    const first = cells.findIndex((cell) => cell.cell_type === "code" && makesResults.test(textOf(cell)));
    if (first < 0) return [];
    const short = name.replace(/^notebooks\/|\.ipynb$/g, "");
    const isAllowed = (finding: string): boolean => {
      const known = finding in (typed[short] ?? {});
      if (known) used.add(`${short}, ${finding}`);
      return known;
    };
    return cells
      .slice(first)
      .filter((cell) => cell.cell_type === "markdown")
      .flatMap((cell) =>
        typedFindings(textOf(cell))
          .filter((finding) => !isAllowed(finding))
          .map((finding) => `${name}, ${cell.id}: ${finding}`),
      );
  });
  assert.equal(wrong, []);
  const listed = Object.entries(typed).flatMap(([name, found]) => Object.keys(found).map((one) => `${name}, ${one}`));
  assert.equal([...used].sort(), listed.sort(), "what is listed is there");
});

test("a finding is told from a setting, a citation and a version", () => {
  const found = "The loss is 0.919, at 35 % two seeds of three diverged, three in 5 end; 1 of 1.";
  assert.equal(typedFindings(found), ["0.919", "35 %", "two seeds of three", "three in 5", "1 of 1"]);
  const none =
    "At $3\\cdot 10^{-3}$, $s = 0.3$ and `beta 1.1` (arXiv 2406.18060, onnx 1.30.0), 240 steps, one of them, 1,824 of 8.";
  assert.equal(typedFindings(none), []);
});

test.run();
