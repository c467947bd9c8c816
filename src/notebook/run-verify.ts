/**
 * Checks written weights against the verify.json that came with them.
 *   npm run verify -- FOLDER-OR-FILE [--base NAME-OR-PATH]
 * Ends with status 0 when they compute what they should, 1 when not, 2 when it cannot be said.
 */
import { parseArgs } from "node:util";
import { verify } from "../export/verification";
import { commandLine } from "./command-line";
import { openModel } from "./open";

const usage = `usage: npm run verify -- FOLDER-OR-FILE [--base NAME-OR-PATH]
Computes what verify.json says that these weights compute. An adapter needs the model that it was tuned on: --base.`;

async function main(words: readonly string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: { base: { type: "string" } },
  });
  const [written] = positionals;
  if (written === undefined || positionals.length > 1) {
    console.error(usage);
    return 2;
  }
  const base = values.base === undefined ? null : await openModel(values.base);
  const { ok, message } = await verify(written, base);
  console.log(message);
  return ok ? 0 : 1;
}

commandLine({ usage, main, failed: 2 });
