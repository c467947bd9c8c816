import { openCrew } from "../cluster/crew";
import type { Crew } from "../cluster/crew";
import { localWorkers } from "../cluster/local-workers";
import { rayWorkers } from "../cluster/ray-workers";
import { spreadRun } from "../cluster/spread";
import { decidingFiles } from "../experiment/deciding-files";
import type { RunOrder } from "../experiment/study-run";
import type { TrainOptions } from "../train/train";

/** Where a step's queries are computed. */
export interface WorkersAt {
  /** The address of a Ray cluster, "auto" for the one of this machine; absent: processes of this machine. */
  readonly ray?: string | undefined;
  /** How many workers; on Ray those that no machine has room for yet wait for one. */
  readonly count: number;
  /** Processor cores that Ray sets aside for a worker; default 2, the engine's threads. */
  readonly cores?: number;
}

/** Workers, and what makes a run ask them. */
export interface SpreadCrew {
  readonly crew: Crew;
  spread(options: TrainOptions<unknown>, order: RunOrder): Promise<TrainOptions<unknown>>;
}

/** Milliseconds in which the first worker should be there; a run begins without it, and it helps when it comes. */
export const PATIENCE_MS = 60_000;

/** The program of a worker. */
export const WORKER = [process.execPath, "--import", "tsx", "src/notebook/run-worker.ts"] as const;

/** Starts workers for runs of this process. @param tell hears of workers that come, go or are refused, a line each */
export function openSpreadCrew({ ray, count, cores = 2 }: WorkersAt, tell: (line: string) => void): SpreadCrew {
  const transport =
    ray === undefined
      ? localWorkers({ count, command: WORKER })
      : rayWorkers({ address: ray, count, cores, command: ["node", ...WORKER.slice(1)] });
  const crew = openCrew({ transport, tell, clock: () => performance.now() });
  const sources = decidingFiles();
  return {
    crew,
    async spread(options, order) {
      const spread = await spreadRun(options, crew, { order, sources });
      await crew.ready(1, PATIENCE_MS);
      return spread;
    },
  };
}
