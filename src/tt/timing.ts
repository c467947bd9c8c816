import { positiveInteger } from "../check/check";
import { randomKey } from "../random/key";
import { normals } from "../random/normals";
import { contract, fastForward, reconstruct } from "./contract";
import { matrix, multiply, type Matrix } from "./matrix";
import { matrixSize } from "./modes";
import type { TensorTrain } from "./train";

/** Both ways to apply a train to one batch: their shortest times, and how far their results lie apart. */
export interface Application {
  readonly tokens: number;
  readonly fastForwardMs: number;
  readonly reconstructionMs: number;
  /** Largest |difference| of the results, relative to the largest |result|. */
  readonly difference: number;
}

export interface ApplicationOptions {
  readonly tokens: readonly number[];
  /** Applications timed for each number of tokens, after as many that are not. */
  readonly repeats: number;
  /** Milliseconds, for example `() => performance.now()`. */
  readonly clock: () => number;
}

/**
 * Applies a train to normal activations [tokens, inputs] by fast-forward and by reconstruction, contraction included, and times both.
 * Plain float64 loops of this room, one thread: an engine's times are others, their order is given by `applicationCost`.
 * For example `compareApplications(train, { tokens: [1, 64], repeats: 5, clock: () => performance.now() })[1].difference`: below 1e-12.
 * @throws when a number of tokens or repeats is not positive
 */
export function compareApplications(train: TensorTrain, options: ApplicationOptions): readonly Application[] {
  const { clock } = options;
  const repeats = positiveInteger("repeats", options.repeats);
  const [inputs] = matrixSize(train.modes);
  // the last (largest) first, so that the small ones are not timed while the loops are still being compiled
  const applications = [...options.tokens].reverse().map((tokens) => {
    const x = matrix(positiveInteger("tokens", tokens), inputs, normals(randomKey(0, "check"), tokens * inputs));
    const fast = timed(() => fastForward(x, contract(train)), repeats, clock);
    const dense = timed(() => multiply(x, reconstruct(train)), repeats, clock);
    return {
      tokens,
      fastForwardMs: fast.shortestMs,
      reconstructionMs: dense.shortestMs,
      difference: largestDifference(fast.result, dense.result),
    };
  });
  return applications.reverse();
}

function timed(run: () => Matrix, repeats: number, clock: () => number): { result: Matrix; shortestMs: number } {
  let result = run();
  for (let i = 1; i < repeats; i++) result = run(); // the loops are compiled while they run
  const times = Array.from({ length: repeats }, () => {
    const start = clock();
    run();
    return clock() - start;
  });
  return { result, shortestMs: Math.min(...times) };
}

function largestDifference(a: Matrix, b: Matrix): number {
  let [difference, largest] = [0, 0];
  for (let i = 0; i < b.data.length; i++) {
    difference = Math.max(difference, Math.abs(a.data[i] - b.data[i]));
    largest = Math.max(largest, Math.abs(b.data[i]));
  }
  return largest === 0 ? difference : difference / largest;
}
