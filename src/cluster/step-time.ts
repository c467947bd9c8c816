import { fail, positiveInteger } from "../check/check";

/** What was measured of a step, all in milliseconds. */
export interface StepCosts {
  /** One query on a worker: both its losses. */
  readonly query: number;
  /** What a worker does whatever it is asked: it walks the step before, and draws. */
  readonly walk: number;
  /** A request and its answer on the way, where workers are asked one after another by one coordinator: what each more of them adds. */
  readonly perWorker: number;
  /** What the first answer takes on the way, whoever is asked. */
  readonly wire: number;
  /** What the coordinator does once a step: its own points and the update. */
  readonly own: number;
  /** Standard deviation of the logarithm of a worker's time: 0, all are equally fast. */
  readonly spread: number;
}

/**
 * Gives the time of a step of Q queries on n workers, in milliseconds. With m = min(n, Q) workers asked, c = ceil(Q / m) queries for the busiest of them, and
 * times that vary by a factor exp(s x), x standard normal, the step waits for the slowest:
 *     T(n) = own + wire + perWorker m + (walk + query c) exp(s sqrt(2 ln m))
 * (the largest of m normals is below sqrt(2 ln m) on average). n = 0 is the coordinator alone: own + query Q.
 * @example stepTime({ query: 100, walk: 0, perWorker: 0, wire: 0, own: 0, spread: 0 }, 8, 4) // 200
 * @throws when there are no queries, or less than no workers
 */
export function stepTime(
  { query, walk, perWorker, wire, own, spread }: StepCosts,
  queries: number,
  workers: number,
): number {
  positiveInteger("queries", queries);
  if (!Number.isSafeInteger(workers) || workers < 0) return fail("workers", "a count", workers);
  if (workers === 0) return own + query * queries;
  const asked = Math.min(workers, queries);
  const slowest = Math.exp(spread * Math.sqrt(2 * Math.log(asked)));
  return own + wire + perWorker * asked + (walk + query * Math.ceil(queries / asked)) * slowest;
}

/**
 * Gives the number of workers, from 0 to `most`, with which a step is quickest; of several that are equally quick the fewest: where it stops paying.
 * @example bestWorkers({ query: 100, walk: 10, perWorker: 1, wire: 5, own: 10, spread: 0 }, 1, 1000) // 0
 */
export function bestWorkers(costs: StepCosts, queries: number, most: number): number {
  let best = 0;
  for (let workers = 1; workers <= Math.min(most, queries); workers++)
    if (stepTime(costs, queries, workers) < stepTime(costs, queries, best)) best = workers;
  return best;
}
