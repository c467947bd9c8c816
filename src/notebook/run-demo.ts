/**
 * Serves a page in which a classifier that `saveRunAsOnnx` wrote answers what is typed.
 *   npm run demo -- FOLDER [--port NUMBER]
 * Ends with Ctrl-C; with status 2 when the folder or the port cannot be had.
 */
import { parseArgs } from "node:util";
import { fail } from "../check/check";
import { commandLine } from "./command-line";
import { serveDemo } from "./demo/serve";

const usage = `usage: npm run demo -- FOLDER [--port NUMBER]
Serves a page on this computer in which the classifier in FOLDER (saveRunAsOnnx) answers what is typed. Port 8787, if nothing else is said; 0 takes any free one.`;

async function main(words: readonly string[]): Promise<null | number> {
  const { positionals, values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: { port: { type: "string", default: "8787" } },
  });
  const [folder] = positionals;
  if (folder === undefined || positionals.length > 1) {
    console.error(usage);
    return 2;
  }
  const port = Number(values.port);
  if (!(Number.isInteger(port) && port >= 0 && port < 65536)) fail("port", "a number from 0 to 65535", values.port);
  const { url, close } = await serveDemo(folder, port);
  console.log(`${url} - open it in a browser on this computer; Ctrl-C ends`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void close());
  return null;
}

commandLine({ usage, main, failed: 2 });
