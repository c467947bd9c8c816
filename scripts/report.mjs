// How the scripts speak: one short line per step, and one clear line, with what to do, when something is missing.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** An error meant for the person at the terminal: printed as it is, without a stack. */
export class Problem extends Error {}

export const say = (line) => process.stdout.write(`[adazeta] ${line}\n`);

/** Whether a script is what Node was started with, also by a link. */
export const isEntry = (url) =>
  process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fs.realpathSync(fileURLToPath(url));

/** What a script says of itself: the comment that it begins with. */
const usageOf = (script) => {
  const lines = fs.readFileSync(script, "utf8").split("\n");
  const end = lines.findIndex((line) => !line.startsWith("//"));
  return lines.slice(0, end).map((line) => line.replace(/^\/\/ ?/, ""));
};

/** Runs an entry script; `--help` as its first word shows its usage, a Problem ends it with one clear line and exit status 1. */
export async function main(run) {
  const args = process.argv.slice(2);
  if (args[0] === "--help" || args[0] === "-h") {
    process.stdout.write(`${usageOf(process.argv[1]).join("\n")}\n`);
    return;
  }
  try {
    process.exitCode = await run(args);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    process.stderr.write(`[adazeta] ${error.message}\n`);
    process.exitCode = 1;
  }
}
