/** What an earlier step moved by: with (seed, step, query) its directions are drawn again, so that d numbers are a few. */
export interface PastStep {
  readonly step: number;
  /** One for each query, rounded to float32 as they are kept. */
  readonly numbers: readonly number[];
}

/** A step's index is kept as two numbers, each of them exact in float32. */
const HIGH = 2 ** 20;

/**
 * Writes steps as one vector that a method carries: for each its index, how many numbers it has, and these.
 * @example writtenPast([{ step: 3, numbers: [0.5] }]) // Float32Array [0, 3, 1, 0.5]
 */
export function writtenPast(past: readonly PastStep[]): Float32Array {
  return Float32Array.from(
    past.flatMap(({ step, numbers }) => [Math.floor(step / HIGH), step % HIGH, numbers.length, ...numbers]),
  );
}

/** Reads steps that `writtenPast` has written; none where there is no vector. */
export function readPast(written: Float32Array = new Float32Array(0)): readonly PastStep[] {
  const past: PastStep[] = [];
  for (let at = 0; at < written.length;) {
    const [high, low, count] = written.subarray(at, (at += 3));
    past.push({ step: high * HIGH + low, numbers: [...written.subarray(at, (at += count))] });
  }
  return past;
}
