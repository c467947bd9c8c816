import { openRunMakers, type RunMakersOptions, type SpreadGridOptions } from "../../src/cluster/spread-grid";
import type { OpenTransport } from "../../src/cluster/transport";
import type { GridResult } from "../../src/experiment/run-grid";
import { openStore, readRecords } from "../../src/experiment/store";
import type { RunSettings } from "../../src/train/settings";
import { cells } from "./analytic-grid";
import type { TestMaker } from "./analytic-maker";

/** The program of a worker on the small grid. */
export const makerCommand = (of: TestMaker): readonly string[] => [process.execPath, "--import", "tsx", "test/support/analytic-maker.ts", JSON.stringify(of)]; // prettier-ignore

/** Makes the small grid by workers, with its records in a folder. */
export async function gridByWorkers(
  folder: string,
  transport: OpenTransport,
  changes: Partial<SpreadGridOptions<RunSettings>> = {},
  options: Partial<RunMakersOptions> = {},
): Promise<{ readonly result: GridResult; readonly told: readonly string[] }> {
  const told: string[] = [];
  const makers = openRunMakers({
    transport,
    tell: (line) => void told.push(line),
    clock: () => performance.now(),
    watchMs: 40,
    ...options,
  });
  try {
    const result = await makers.make({
      cells,
      store: openStore({ recordsPath: `${folder}/results/small.jsonl`, partialFolder: `${folder}/partial` }),
      origin: { commit: "0123abc", machine: "coordinator", command: "test" },
      orderOf: ({ key }) => ({ key }),
      fingerprint: async () => ({ code: "1" }),
      date: () => "2026-01-01T00:00:00.000Z",
      ...changes,
    });
    return { result, told };
  } finally {
    await makers.close();
  }
}

/** Records of the small grid by key, without when and where they were made, how long that took and by which command. */
export function recordsOf(folder: string): readonly string[] {
  const own = /^(startedAt|endedAt|elapsedMs|machine|command)$/;
  return readRecords(`${folder}/results/small.jsonl`)
    .records.map((record) => JSON.stringify(record, (name, value: unknown) => (own.test(name) ? 0 : value)))
    .sort();
}
