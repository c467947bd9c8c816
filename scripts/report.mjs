// How the scripts speak: one short line per step, and one clear line, with what to do, when something is missing.
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** An error meant for the person at the terminal: printed as it is, without a stack. */
export class Problem extends Error {}

export const say = (line) => process.stdout.write(`[adazeta] ${line}\n`);

/** Runs an entry script; a Problem ends it with one clear line and exit status 1. */
export async function main(run) {
  try {
    process.exitCode = await run(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    process.stderr.write(`[adazeta] ${error.message}\n`);
    process.exitCode = 1;
  }
}
