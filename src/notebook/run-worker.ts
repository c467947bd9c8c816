/**
 * Computes numbers of other machines' runs: requests on standard input, answers on standard output, a line each.
 *   node --import tsx src/notebook/run-worker.ts
 * Coordinators start it (`--workers`, `--ray`); it ends with its input.
 */
import { orderOpener } from "../cluster/open-order";
import { serve } from "../cluster/serve";
import { worker } from "../cluster/worker";
import { decidingFiles } from "../experiment/deciding-files";
import { runOpener } from "../experiment/open-run";
import { plannedSources } from "./open";
import { machineNow } from "./provenance";

// What libraries and notices say goes where people look: standard output is the coordinator's.
console.log = (...words) => console.error(...words);
console.info = console.log;
const output = process.stdout;

const opener = runOpener(plannedSources);
await serve(
  worker({
    open: orderOpener(opener),
    sources: decidingFiles(),
    machine: machineNow(),
    clock: () => performance.now(),
  }),
  process.stdin,
  output,
);
process.exit(0);
