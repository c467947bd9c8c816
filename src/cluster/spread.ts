import { fail } from "../check/check";
import type { Objective } from "../estimator/objective";
import { isExact } from "../optimizer/method";
import type { Method } from "../optimizer/method";
import type { TrainOptions } from "../train/train";
import type { Walked } from "../train/replay";
import type { SourceHashes } from "../train/sources";
import type { Crew } from "./crew";
import type { Answer } from "./messages";
import { runFingerprint } from "./run-fingerprint";

/**
 * Checks that a method's numbers can be computed on other machines.
 * @throws naming the part that is a function of a cell (workers run no code that they are sent), or an exact gradient, which is one number of nothing
 */
export function checkSpread({ directions, probe, rounds }: Pick<Method, "directions" | "probe" | "rounds">): void {
  const own = "one of this project's: workers run no code that they are sent";
  if (directions.kind === "own") fail("method.directions", own, "own directions, a function written in a cell");
  if (probe?.kind === "own") fail("method.probe", own, "an own estimator, a function written in a cell");
  if (isExact({ probe }))
    fail("method.probe", "losses or directional derivatives, which queries can be spread by", "a whole gradient");
  if (rounds !== undefined && "groups" in rounds && rounds.groups !== undefined)
    fail("method.rounds.groups", "none, where queries are spread: workers answer with one loss for a batch", rounds.groups); // prettier-ignore
}

/** How a run is told to workers. */
export interface SpreadRun {
  /** What they open: names and settings as plain data. */
  readonly order: unknown;
  readonly sources: SourceHashes | null;
}

/**
 * Makes the options of a run whose steps ask a crew: the same numbers, the same record. What the crew cannot compute is computed here.
 * For example `await train(await spreadRun(options, crew, { order, sources }))`.
 * @throws as `checkSpread`; when the run has another objective than the loss, which workers do not open
 */
export async function spreadRun<Batch, Options extends TrainOptions<Batch>>(
  options: Options & TrainOptions<Batch>,
  crew: Crew,
  { order, sources }: SpreadRun,
): Promise<Options> {
  const { settings, objective, start, batchAt } = options;
  checkSpread(settings.method);
  if (settings.objective !== undefined)
    fail("objective", "the task's loss, where queries are spread over workers", settings.objective);
  await objective.base?.reset();
  const [loss] = await objective.losses([start], await batchAt(0));
  crew.begin({ order, fingerprint: runFingerprint(options, sources), loss });
  return { ...options, asking: (so: Walked) => asking(objective, crew, so) };
}

/** The objective that one step asks. */
function asking<Batch>(inner: Objective<Batch>, crew: Crew, so: Walked): Objective<Batch> {
  const known: Answer[] = [];
  /** The first number that no block has. */
  let expected = 0;
  let next = 0;
  const ask = (queries: readonly number[]): void => {
    crew.ask({ so, known: known.slice(0, next), queries });
    expected = next + queries.reduce((sum, count) => sum + count, 0);
  };
  /** Gives the next numbers of the step, one for each item. */
  const answers = async <T>(
    items: readonly T[],
    compute: (left: readonly T[]) => Promise<readonly Answer[]>,
  ): Promise<readonly Answer[]> => {
    if (next + items.length > expected) ask(items.map(() => 1));
    const numbers = items.map((_, i) => next + i);
    next += items.length;
    while ((await crew.wait(numbers)) === "alone") {
      // One at a time: who comes meanwhile takes the rest.
      const number = numbers.find((each) => crew.answerOf(each) === null)!;
      const [answer] = await compute([items[number - numbers[0]]]);
      crew.settle(number, answer);
    }
    const found = numbers.map((number) => crew.answerOf(number)!);
    known.push(...found);
    return found;
  };
  const { base, gradient } = inner;
  return {
    ...(base !== undefined && { base }),
    ...(gradient !== undefined && { gradient: gradient.bind(inner) }),
    expect: ask,
    losses: async (points, batch) => {
      const found = await answers(points, async (left) => (await inner.losses(left, batch)).map((loss) => [loss]));
      return found.map(([loss]) => loss);
    },
    derivatives: async (point, directions, batch) => {
      const found = await answers(directions, async (left) => {
        const { loss, derivatives } = await inner.derivatives(point, left, batch);
        return derivatives.map((derivative) => [derivative, loss]);
      });
      return { loss: found[0][1], derivatives: found.map(([derivative]) => derivative) };
    },
  };
}
