/**
 * Fills a table with a written classifier's labels and probabilities.
 *   npm run predict -- FOLDER INPUT [--out OUTPUT] [--replace]
 * Ends with status 0 when the table is written, 2 when it cannot be.
 */
import { parseArgs } from "node:util";
import { openExported } from "../export/exported-classifier";
import { predictedPath, predictTable } from "../export/predict-table";
import { commandLine } from "./command-line";
import { newestOnly } from "./newest-only";
import { duration } from "./progress";

const usage = `usage: npm run predict -- FOLDER INPUT [--out OUTPUT] [--replace]
Writes INPUT (.csv, .tsv, .jsonl or .parquet, with the text columns of training) again with the labels and probabilities of the classifier in FOLDER (saveRunAsOnnx).
OUTPUT is a .csv or .jsonl file; if nothing else is said, INPUT's name with ".predicted" in it.`;

const WIDTH = 30;
const EVERY_MS = 200;

async function main(words: readonly string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: { out: { type: "string" }, replace: { type: "boolean", default: false } },
  });
  const [folder, input] = positionals;
  if (folder === undefined || input === undefined || positionals.length > 2) {
    console.error(usage);
    return 2;
  }
  const classifier = await openExported(folder);
  const bar = progressLine();
  try {
    const { path, rows, counts, notices } = await predictTable(
      classifier,
      input,
      values.out ?? predictedPath(input),
      { replace: values.replace ?? false, progress: bar.update }, // prettier-ignore
    );
    bar.finish();
    for (const notice of notices) console.log(`note: ${notice}`);
    const each = Object.entries(counts).map(([label, count]) => `${label} ${count}`);
    console.log(`${path}: ${rows} rows (${each.join(", ")})`);
    return 0;
  } catch (error) {
    bar.finish();
    throw error;
  } finally {
    await classifier.dispose();
  }
}

/** A bar on standard error where somebody looks at it. */
function progressLine(): { readonly update: (done: number, rows: number) => void; readonly finish: () => void } {
  const started = Date.now();
  const isSeen = process.stderr.isTTY;
  let drawn = false;
  const draw = newestOnly(EVERY_MS, ([done, rows]: readonly [number, number]) => {
    const share = done / rows;
    const filled = Math.round(WIDTH * share);
    const left = share > 0 ? ` · ${duration(((Date.now() - started) * (1 - share)) / share)} left` : "";
    process.stderr.write(`\r[${"#".repeat(filled)}${".".repeat(WIDTH - filled)}] ${done}/${rows} rows${left}\u001b[K`);
    drawn = true;
  });
  return {
    update: (done, rows) => isSeen && draw.push([done, rows]),
    finish: () => {
      draw.flush();
      if (drawn) process.stderr.write("\n");
    },
  };
}

commandLine({ usage, main, failed: 2 });
