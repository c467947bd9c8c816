import { openCrew } from "../cluster/crew";
import type { Crew } from "../cluster/crew";
import { localWorkers } from "../cluster/local-workers";
import { rayWorkers } from "../cluster/ray-workers";
import { spreadRun } from "../cluster/spread";
import { openRunMakers } from "../cluster/spread-grid";
import type { RunMakers } from "../cluster/spread-grid";
import type { OpenTransport } from "../cluster/transport";
import { decidingFiles } from "../experiment/deciding-files";
import type { RunOrder } from "../experiment/study-run";
import type { TrainOptions } from "../train/train";

/** Where a step's queries are computed, or whole runs made. */
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

/** The program of a worker that makes whole runs. */
const RUN_MAKER = [...WORKER.slice(0, -1), "src/notebook/make-runs.ts"];

function transportTo({ ray, count, cores = 2 }: WorkersAt, command: readonly string[]): OpenTransport {
  return ray === undefined
    ? localWorkers({ count, command })
    : rayWorkers({ address: ray, count, cores, command: ["node", ...command.slice(1)] });
}

/** Starts workers that make whole runs. @param tell as for `openSpreadCrew` */
export function openPlannedMakers(at: WorkersAt, tell: (line: string) => void): RunMakers {
  return openRunMakers({ transport: transportTo(at, RUN_MAKER), tell, clock: () => performance.now() });
}

/** Starts workers for runs of this process. @param tell hears of workers that come, go or are refused, a line each */
export function openSpreadCrew(at: WorkersAt, tell: (line: string) => void): SpreadCrew {
  const crew = openCrew({ transport: transportTo(at, WORKER), tell, clock: () => performance.now() });
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
