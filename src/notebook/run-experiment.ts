import { show } from "../check/check";
import { nearestHint } from "../check/nearest";
import { cellsOf, selectCells } from "../experiment/cells";
import { allRecords, experimentNames, experiments, recordsPath } from "../experiment/catalogue";
import { decidingFiles } from "../experiment/deciding-files";
import { hasFault } from "../experiment/faults";
import { listCells, parseOptions } from "../experiment/options";
import { oddCells } from "../experiment/oddities";
import { progressLine } from "../experiment/progress";
import type { GridProgress } from "../experiment/progress";
import { runGrid } from "../experiment/run-grid";
import { complaints, faultyKeys, openStore, viewStore } from "../experiment/store";
import { isInShare, shareRecordsPath } from "../experiment/share";
import { studyRunner } from "../experiment/study-run";
import { fingerprintData } from "../train/fingerprint";
import { commandLine } from "./command-line";
import { plannedSources } from "./open";
import { commitNow, machineNow } from "./provenance";
import { describeCounts } from "../cluster/describe-counts";
import { plannedFingerprint, planningCode } from "../cluster/planned-runs";
import type { PlannedOrder } from "../cluster/planned-runs";
import { openPlannedMakers, openSpreadCrew, PATIENCE_MS } from "./worker-crew";
import type { SpreadCrew } from "./worker-crew";

const usage = `usage: npm run experiment -- NAME [--scale tiny|full] [--only arm,arm] [--tasks task,task] [--seeds 0-2,5] [--rates 1e-3,3e-3] [--oddities NAMES] [--list] [--remake] [--part I/N | --parts N] [--workers N] [--ray ADDRESS] [--whole-runs]
NAME: ${experimentNames("tiny").join(", ")}, or the beginning of several; "list" names the runs of all.
--scale full has the paper's own models and settings.
--oddities draws texts as the reference does where we do not: referenceDev, testForDev, keepRepeats, by commas; such runs have records of their own.
--remake makes exactly those runs again whose record has a known fault, and puts each new record in the old one's place; without NAME of all experiments.
--part 0/3 makes the first third of the runs, with records in a file of its own; all read the three as one. --parts 3 takes the number from Slurm, Kubernetes or AWS Batch.
--workers 4 computes the queries of each step in four more processes, --ray ADDRESS on a Ray cluster (npm run ray:install; "auto": this machine's).
--whole-runs gives those workers whole runs instead, one each at a time; a run whose worker died goes to another.
Records go to data/results/NAME.jsonl; Ctrl-C keeps what is done, the same command goes on.`;

async function main(words: readonly string[]): Promise<number> {
  const options = parseOptions(words, process.env);
  const listing = options.list || options.name === "list";
  const { scale, remake } = options;
  const beginning = options.name === "list" || (options.name === null && remake) ? "" : options.name;
  const chosen = beginning === null ? [] : experiments(scale, beginning);
  const faulty = remake ? faultyKeys(allRecords()) : null;
  if (chosen.length === 0) {
    const known = experimentNames(scale);
    if (beginning !== null)
      console.error(`NAME: no experiment begins with ${show(beginning)}${nearestHint(beginning, known)}`);
    console.error(usage);
    return 2;
  }
  const files = decidingFiles();
  const sources = files === null ? {} : { sources: fingerprintData(files) };
  const stop = new AbortController();
  process.once("SIGINT", () => {
    console.log("\nstopping after the current step; the same command goes on (Ctrl-C again ends at once)");
    process.once("SIGINT", () => process.exit(130));
    stop.abort();
  });
  const told = (line: string): void => console.log(`  ${line}`);
  const { workers, wholeRuns } = options;
  const helpers = workers === null || wholeRuns || listing ? null : openSpreadCrew(workers, told);
  const makers = workers !== null && wholeRuns && !listing ? openPlannedMakers(workers, told) : null;
  // Where none can come, before any work; those that come late help then.
  await helpers?.crew.ready(1, PATIENCE_MS);
  let failures = 0;
  if (faulty?.size === 0) console.log("no record has a known fault: nothing to make again");
  for (const grid of chosen) {
    if (grid.waits !== undefined) {
      console.error(`${grid.name}: ${grid.waits}`);
      failures += listing || chosen.length > 1 ? 0 : 1;
      continue;
    }
    const selection =
      chosen.length > 1 ? { only: options.only, tasks: options.tasks, seeds: null, learningRates: null } : options;
    const { share } = options;
    const cells = oddCells(selectCells(cellsOf(grid), selection), options.oddities).filter(
      ({ key }) => (faulty?.has(key) ?? true) && (share === null || isInShare(key, share)),
    );
    if (remake && cells.length === 0) continue;
    // What makes the run where there is no record yet.
    const rest = words.filter((word, i) => word !== "--remake" && !isOfPlace(word) && !/^--(parts?|workers|ray)$/.test(words[i - 1] ?? "")); // prettier-ignore
    const command = ["npm run experiment --", ...(options.name === null ? [grid.name] : []), ...rest].join(" ");
    const path = recordsPath(grid.name, scale);
    const others = allRecords().filter((other) => other !== path);
    const again = remake ? { again: hasFault } : {};
    const own = share === null ? {} : { appendPath: shareRecordsPath(path, share) };
    const paths = { recordsPath: path, ...own, partialFolder: ".cache/experiments", others, ...again };
    if (listing) {
      console.log([grid.name, ...listCells(cells, viewStore(paths))].join("\n"));
      continue;
    }
    const store = openStore(paths);
    const runner = studyRunner(
      plannedSources,
      helpers === null ? {} : { spread: (run, order) => helpers.spread(run, order) },
    );
    try {
      await runner.check(cells.filter(({ key }) => !store.has(key)));
      for (const complaint of complaints(store)) console.log(complaint);
      const work = {
        cells,
        store,
        origin: { commit: commitNow(), machine: machineNow(), command, ...sources },
        date: () => new Date().toISOString(),
        signal: stop.signal,
        onProgress: progressTeller(),
      };
      const oddities = Object.keys(options.oddities);
      const { recorded, skipped, failed, stopped } = await (makers !== null
        ? makers.make({
            ...work,
            orderOf: ({ key }): PlannedOrder => ({ experiment: grid.name, scale, oddities, key }),
            fingerprint: plannedFingerprint(runner, planningCode()),
          })
        : runGrid({
            ...work,
            runCell: (cell, context) => runner.run(cell, context),
            ...(helpers !== null && { machine: () => machinesOf(helpers) }),
            clock: () => performance.now(),
          }));
      const of = share === null ? "" : `, part ${share.index} of ${share.count}`;
      console.log(`${grid.name}${of}: ${recorded} recorded, ${skipped} were there, ${failed.length} failed`);
      for (const { what, message } of failed) console.error(`  ${what}: ${message}`);
      failures += failed.length;
      if (helpers !== null) console.log(`  ${describeCounts(helpers.crew.counts())}`);
      if (stopped) {
        await makers?.close();
        return 130;
      }
    } finally {
      await runner.dispose();
    }
  }
  await helpers?.crew.close();
  await makers?.close();
  return failures > 0 ? 1 : 0;
}

/** Writes progress lines: on a terminal each over the one before, elsewhere one in half a minute. */
function progressTeller(): (progress: GridProgress) => void {
  let told = 0;
  return (progress) => {
    const now = performance.now();
    if (progress.state === "running" && now - told < (process.stdout.isTTY ? 200 : 30_000)) return;
    told = now;
    const line = progressLine(progress);
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[2K${line}${progress.state === "running" ? "" : "\n"}`);
    else console.log(line);
  };
}

/** Where and by whom a run was made does not matter to who makes it again. */
function isOfPlace(word: string): boolean {
  return /^--(parts?|workers|ray|whole-runs)(=|$)/.test(word);
}

/** This machine, and those of workers with another processor. */
function machinesOf({ crew }: SpreadCrew): string {
  const others = crew.counts().machines.filter((machine) => machine !== machineNow());
  return [machineNow(), ...others.map((machine) => `queries on ${machine}`)].join("; ");
}

commandLine({ usage, main });
