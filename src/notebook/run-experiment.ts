import { cellsOf, selectCells } from "../experiment/cells";
import { divergenceGrid, studies } from "../experiment/divergence";
import type { StudyName } from "../experiment/divergence";
import { divergenceRunner } from "../experiment/divergence-run";
import { listCells, parseOptions } from "../experiment/options";
import { progressLine } from "../experiment/progress";
import { runGrid } from "../experiment/run-grid";
import { openStore, viewStore } from "../experiment/store";
import { environment } from "./environment";
import { commitNow, machineNow } from "./provenance";

/** Experiments by name; a name also means all that begin with it: "divergence" is both of its studies. */
const grids = (Object.keys(studies) as StudyName[]).map(divergenceGrid);

const usage = `usage: npm run experiment -- NAME [--only arm,arm] [--seeds 0-2,5] [--rates 1e-3,3e-3] [--list]
NAME: ${grids.map(({ name }) => name).join(", ")}, or the beginning of several; "list" names the runs of all.
Records go to data/results/NAME.jsonl; Ctrl-C keeps what is done, the same command goes on.`;

async function main(words: readonly string[]): Promise<number> {
  const options = parseOptions(words);
  const listing = options.list || options.name === "list";
  const chosen = grids.filter(
    ({ name }) => options.name === "list" || (options.name !== null && name.startsWith(options.name)),
  );
  if (chosen.length === 0) {
    console.error(usage);
    return 2;
  }
  const stop = new AbortController();
  process.once("SIGINT", () => {
    console.log("\nstopping after the current step; the same command goes on (Ctrl-C again ends at once)");
    process.once("SIGINT", () => process.exit(130));
    stop.abort();
  });
  const { dataFolder, modelFolders } = environment();
  let failures = 0;
  for (const grid of chosen) {
    const selection = chosen.length > 1 ? { only: options.only, seeds: null, learningRates: null } : options;
    const cells = selectCells(cellsOf(grid), selection);
    const paths = { recordsPath: `data/results/${grid.name}.jsonl`, partialFolder: ".cache/experiments" };
    if (listing) {
      console.log([grid.name, ...listCells(cells, viewStore(paths))].join("\n"));
      continue;
    }
    const store = openStore(paths);
    const runner = divergenceRunner({ modelFolders, dataDirectory: dataFolder });
    try {
      if (store.recovered !== null) console.log(store.recovered);
      let told = 0;
      const { recorded, skipped, failed, stopped } = await runGrid({
        cells,
        store,
        runCell: (cell, context) => runner.run(cell, context),
        origin: { commit: commitNow(), machine: machineNow(), command: `npm run experiment -- ${words.join(" ")}` },
        clock: () => performance.now(),
        date: () => new Date().toISOString(),
        signal: stop.signal,
        onProgress(progress) {
          const now = performance.now();
          if (progress.state === "running" && now - told < (process.stdout.isTTY ? 200 : 30_000)) return;
          told = now;
          const line = progressLine(progress);
          if (process.stdout.isTTY) process.stdout.write(`\r\x1b[2K${line}${progress.state === "running" ? "" : "\n"}`);
          else console.log(line);
        },
      });
      console.log(`${grid.name}: ${recorded} recorded, ${skipped} were there, ${failed.length} failed`);
      for (const { what, message } of failed) console.error(`  ${what}: ${message}`);
      failures += failed.length;
      if (stopped) return 130;
    } finally {
      store.close();
      await runner.dispose();
    }
  }
  return failures > 0 ? 1 : 0;
}

main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
