// npm test: types, lint, format, then every test file in its own process. The last line is "N passed, N failed, N skipped".
//   npm test -- --only unit | notebooks | browser | types | lint | format | PART-OF-A-FILE-NAME
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { add, countTests, skipReasons, summary } from "./count-tests.mjs";
import { Problem, main, root } from "./report.mjs";
import { ensurePackages } from "./set-up-node.mjs";

const fileLimitMs = 15 * 60_000;
const bin = (name) => path.join(root, "node_modules", name);
const checks = [
  { name: "types", args: [bin("typescript/bin/tsc"), "--noEmit", "-p", root] },
  { name: "lint", args: [bin("eslint/bin/eslint.js"), "--max-warnings", "0", "."] },
  { name: "format", args: [bin("prettier/bin/prettier.cjs"), "--check", "--log-level", "warn", "."] },
];

const testFiles = (folder = "test") =>
  fs
    .readdirSync(path.join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return entry.name === "node_modules" ? [] : testFiles(name);
      return name.endsWith(".test.ts") ? [name] : [];
    })
    .sort();

const groupOf = (file) =>
  file.startsWith("test/browser/") ? "browser" : file.startsWith("test/notebooks.") ? "notebooks" : "unit";

const running = new Set();
// A test that goes on alone would write into the next run's files.
for (const [signal, status] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
  process.on(signal, () => {
    for (const child of running) child.kill("SIGTERM");
    process.exit(status);
  });

/** Runs node with `args`, keeping all it says; `status` is undefined when it was killed. */
function runNode(args) {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    let output = "";
    const keep = (text) => (output += text);
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    const timer = setTimeout(() => {
      output += `\nstopped: not done after ${fileLimitMs / 60_000} minutes\n`;
      child.kill("SIGKILL");
    }, fileLimitMs);
    child.on("close", (status) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ status: status ?? undefined, output, seconds: (Date.now() - started) / 1000 });
    });
  });
}

function report(name, counts, { output, seconds }) {
  const ok = counts.failed === 0;
  process.stdout.write(`${ok ? "ok  " : "FAIL"} ${name}: ${summary(counts)} (${seconds.toFixed(1)} s)\n`);
  for (const reason of new Set(skipReasons(output))) process.stdout.write(`     skipped: ${reason}\n`);
  if (!ok) process.stdout.write(`${output.trimEnd()}\n\n`);
  return counts;
}

async function runCheck({ name, args }) {
  const result = await runNode(args);
  const ok = result.status === 0;
  return report(name, { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 }, result);
}

async function runFile(file) {
  const result = await runNode(["--import", "tsx", path.join(root, file)]);
  return report(file, countTests(result.output, result.status), result);
}

/** Runs `jobs`, at most `width` at a time, and adds up their counts. */
async function runAll(jobs, width) {
  const waiting = [...jobs];
  const worker = async () => {
    let counts = { passed: 0, failed: 0, skipped: 0 };
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) counts = add(counts, await job());
    return counts;
  };
  return (await Promise.all(Array.from({ length: width }, worker))).reduce(add);
}

/** The checks and test files that `--only` names; all of them without it. */
export function select(only, files) {
  if (only === undefined) return { checks, files };
  const chosen = checks.filter((check) => check.name === only);
  const inGroup = files.filter((file) => groupOf(file) === only);
  if (chosen.length + inGroup.length > 0) return { checks: chosen, files: inGroup };
  const matching = files.filter((file) => file.includes(only));
  if (matching.length === 0 && !["unit", "notebooks", "browser"].includes(only))
    throw new Problem(
      `--only ${only}: expected unit, notebooks, browser, types, lint, format or part of a test file's name.`,
    );
  return { checks: [], files: matching };
}

main(async (args) => {
  const at = args.indexOf("--only");
  const wanted = select(at < 0 ? undefined : (args[at + 1] ?? ""), testFiles());
  await ensurePackages();
  const unit = wanted.files.filter((file) => groupOf(file) === "unit");
  const heavy = ["notebooks", "browser"].flatMap((group) => wanted.files.filter((file) => groupOf(file) === group));
  let counts = await runAll(
    wanted.checks.map((check) => () => runCheck(check)),
    1,
  );
  counts = add(
    counts,
    await runAll(
      unit.map((file) => () => runFile(file)),
      2,
    ),
  );
  counts = add(
    counts,
    await runAll(
      heavy.map((file) => () => runFile(file)),
      1,
    ),
  );
  process.stdout.write(`${summary(counts)}\n`);
  return counts.failed === 0 ? 0 : 1;
});
