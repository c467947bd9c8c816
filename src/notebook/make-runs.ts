/**
 * Makes whole runs for a grid of another process: requests on standard input, answers on standard output, a line each.
 *   node --import tsx src/notebook/make-runs.ts
 * Coordinators start it (`--whole-runs`); it ends with its input. What it has begun is in .cache/experiments of its folder.
 */
import { rmSync } from "node:fs";
import { plannedFingerprint, plannedRuns, planningCode } from "../cluster/planned-runs";
import { runMaker } from "../cluster/run-maker";
import { serve } from "../cluster/serve";
import { studyRunner } from "../experiment/study-run";
import { plannedSources } from "./open";
import { machineNow } from "./provenance";

// What libraries and notices say goes where people look: standard output is the coordinator's.
console.log = (...words) => console.error(...words);
console.info = console.log;

const partialPath = (key: string): string => `.cache/experiments/${key}.jsonl`;
const runner = studyRunner(plannedSources);
await serve(
  runMaker({
    cellOf: plannedRuns(),
    fingerprint: plannedFingerprint(runner, planningCode()),
    runCell: (cell, context) => runner.run(cell, context),
    partialPath,
    forget(key) {
      rmSync(partialPath(key), { force: true });
      rmSync(`${partialPath(key)}.snapshot`, { force: true });
    },
    machine: machineNow(),
    date: () => new Date().toISOString(),
  }),
  process.stdin,
  process.stdout,
);
process.exit(0);
