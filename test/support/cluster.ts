import type { CrewCounts } from "../../src/cluster/crew";
import { openCrew, type CrewOptions } from "../../src/cluster/crew";
import type { Followed } from "../../src/cluster/follower";
import { spreadRun } from "../../src/cluster/spread";
import type { Hearing, OpenTransport } from "../../src/cluster/transport";
import { worker } from "../../src/cluster/worker";
import type { Objective } from "../../src/estimator/objective";
import type { Method } from "../../src/optimizer/method";
import { train, type RunResult, type TrainOptions } from "../../src/train/train";
import { matrices } from "./method-problems";
import { bits, methodRun, STEPS, untimed } from "./method-runs";

/** The run that an order of these tests names. */
export function orderedRun(order: unknown, changes: Partial<TrainOptions<number>> = {}): TrainOptions<number> {
  const { method, model = "matrices", pauseMs = 0, steps = STEPS } = order as TestOrder;
  const slow = slowed(matrices.objective, pauseMs);
  const run = methodRun(matrices, method, { budget: { kind: "steps", steps } }, { objective: slow, ...changes });
  return { ...run, identity: { ...run.identity, model } };
}

/** What these tests order. */
export interface TestOrder {
  readonly method: Method;
  readonly model?: string;
  /** Before each call for losses. */
  readonly pauseMs?: number;
  readonly steps?: number;
}

function slowed(objective: Objective<number>, pauseMs: number): Objective<number> {
  if (pauseMs === 0) return objective;
  const losses: Objective<number>["losses"] = async (points, batch) => {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    return objective.losses(points, batch);
  };
  return { ...objective, losses };
}

export const surroundings = {
  open: async (order: unknown) => orderedRun(order) as unknown as Followed<unknown>,
  sources: { "a.ts": "1" },
  machine: "here",
  clock: () => performance.now(),
};

/** What becomes of a worker's reply: other lines in its place, none, or its death. */
export type Fault = (
  reply: string,
  about: { readonly worker: number; readonly nth: number },
) => readonly string[] | "dies";

/** Workers in this process, each with a memory of its own; a dead one comes again after some milliseconds. */
export function nearWorkers(
  count: number,
  fault: Fault = (reply) => [reply],
  returnMs: number | null = 5,
): OpenTransport {
  return (hearing: Hearing) => {
    const lives = new Map<string, { readonly answer: (line: string) => Promise<string | null> }>();
    let closed = false;
    let nth = 0;
    const start = (id: string): void => {
      if (closed) return;
      lives.set(id, { answer: worker(surroundings) });
      hearing.up(id, "near");
    };
    const die = (id: string): void => {
      lives.delete(id);
      hearing.lost(id, "the test ends it");
      if (returnMs !== null) setTimeout(() => start(id), returnMs);
    };
    for (let i = 0; i < count; i++) setTimeout(() => start(String(i)), 0);
    return {
      send(id, line) {
        const life = lives.get(id);
        void life?.answer(line).then(async (reply) => {
          // Answers come in another order than they were asked.
          if (Number(id) % 3 > 0) await new Promise((resolve) => setTimeout(resolve, Number(id) % 3));
          if (reply === null || closed || lives.get(id) !== life) return;
          const said = fault(reply, { worker: Number(id), nth: nth++ });
          if (said === "dies") die(id);
          else for (const each of said) hearing.line(id, each);
        });
      },
      replace: (id) => {
        lives.delete(id);
        setTimeout(() => start(id), 1);
      },
      close: async () => {
        closed = true;
      },
    };
  };
}

export interface Spread {
  readonly result: RunResult;
  readonly told: readonly string[];
  readonly counts: CrewCounts;
}

/** Makes a method's run with a crew. */
export async function spreadMethod(
  method: Method,
  transport: OpenTransport,
  {
    order = { method },
    count = 1,
    changes = {},
    early = false,
    ...options
  }: Partial<CrewOptions> & {
    readonly order?: object;
    readonly count?: number;
    readonly changes?: Partial<TrainOptions<number>>;
    /** Waits for the workers before there is a run, as a grid does. */
    readonly early?: boolean;
  } = {},
): Promise<Spread> {
  const told: string[] = [];
  const crew = openCrew({
    transport,
    tell: (line) => void told.push(line),
    clock: () => performance.now(),
    ...options,
  });
  try {
    if (early) await crew.ready(count, 60_000);
    const run = await spreadRun(orderedRun({ method, steps: (order as Partial<TestOrder>).steps ?? STEPS }, changes), crew, { order: JSON.parse(JSON.stringify(order)), sources: surroundings.sources }); // prettier-ignore
    await crew.ready(count, 60_000);
    const result = await train(run);
    return { result, told, counts: crew.counts() };
  } finally {
    await crew.close();
  }
}

/** All of a run that decides anything, but for its times. */
export function decided({ point, steps, evaluations, end, best, header }: RunResult): unknown {
  const ended = untimed([end]);
  return {
    point: bits(point),
    steps: untimed(steps),
    evaluations: untimed(evaluations),
    ended,
    best: best && bits(best.point),
    header,
  };
}

/** The run that no worker helps with. */
export async function alone(method: Method, steps = STEPS): Promise<RunResult> {
  return train(orderedRun({ method, steps }));
}

/** Passes on what workers say, through something; tells of each that comes up, with the number of its process. */
export function watched(
  transport: OpenTransport,
  changes: {
    readonly onUp?: (worker: string, pid: number) => void;
    readonly line?: (line: string) => readonly string[];
  },
): OpenTransport {
  const { onUp = () => undefined, line = (each: string) => [each] } = changes;
  return (hearing) =>
    transport({
      ...hearing,
      up: (worker, place) => {
        hearing.up(worker, place);
        onUp(worker, Number(/process (\d+)/.exec(place)?.[1]));
      },
      line: (worker, text) => line(text).forEach((each) => hearing.line(worker, each)),
    });
}
