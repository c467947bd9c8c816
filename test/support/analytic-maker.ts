// A worker that makes whole runs of the small grid: `node --import tsx test/support/analytic-maker.ts '{"folder": FOLDER, "delayMs": 4}'`.
import { existsSync, rmSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { runMaker } from "../../src/cluster/run-maker";
import { serve } from "../../src/cluster/serve";
import { cells, smallCell } from "./analytic-grid";

/** How a worker of the tests is, and where it keeps what it has begun. */
export interface TestMaker {
  readonly folder: string;
  readonly delayMs?: number;
  /** Its code, as the fingerprint has it. */
  readonly code?: string;
  /** A run at whose tenth step it dies, each time. */
  readonly dies?: string;
  /** A run that it fails. */
  readonly fails?: string;
  /** A file that each run waits for at its eighth step. */
  readonly until?: string;
}

const { folder, delayMs = 0, code = "1", dies, fails, until } = JSON.parse(process.argv[2]!) as TestMaker;
const partialPath = (key: string): string => `${folder}/partial/${key}.jsonl`;
const maker = runMaker({
  cellOf: (order) => cells.find(({ key }) => key === (order as { readonly key: string }).key) ?? null,
  fingerprint: async () => ({ code }),
  runCell: smallCell(delayMs, async ({ key }, step) => {
    if (key === dies && step === 10) process.exit(9);
    if (key === fails && step === 5) throw new Error("no memory for it");
    while (until !== undefined && step === 8 && !existsSync(until)) await setTimeout(20);
  }),
  partialPath,
  forget: (key) => rmSync(partialPath(key), { force: true }),
  machine: `process ${process.pid}`,
  date: () => "2026-01-01T00:00:00.000Z",
});
await serve(maker, process.stdin, process.stdout);
process.exit(0);
