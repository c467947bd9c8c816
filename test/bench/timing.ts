/** Something whose time is taken; `round` chooses its batch, so that rivals of one round do the same work. */
export interface Subject {
  readonly name: string;
  /** @returns milliseconds */
  run(round: number): Promise<number>;
}

/** Milliseconds of each counted round, by the subject's name. */
export type Times = ReadonlyMap<string, readonly number[]>;

/** How many rounds are counted, after how many that are not; `minutes` ends it earlier, after at least one counted round. */
export interface Rounds {
  readonly rounds: number;
  readonly warmUps: number;
  readonly minutes?: number | undefined;
}

/** Runs the subjects in turn, round after round, so that all of them meet the machine in the same states. */
export async function alternate(subjects: readonly Subject[], { rounds, warmUps, minutes }: Rounds): Promise<Times> {
  const started = performance.now();
  const times = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < warmUps + rounds; round++) {
    const spent = performance.now() - started;
    if (minutes !== undefined && round > warmUps && spent + spent / round > 60_000 * minutes) break;
    for (const { name, run } of subjects) {
      const taken = await run(round);
      if (round >= warmUps) times.get(name)?.push(taken);
    }
    console.error(`round ${round + 1} of ${warmUps + rounds}`);
  }
  return times;
}

/** How long the work took, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** How often the second is as long as the first: the median of the rounds' ratios, with the smallest and the largest. */
export function ratio(first: readonly number[], second: readonly number[]): string {
  const ratios = first.map((value, i) => second[i] / value);
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`;
}

/** Median with the smallest and the largest, in seconds. */
export function seconds(milliseconds: readonly number[], digits = 2): string {
  const show = (value: number): string => (value / 1000).toFixed(digits);
  return `${show(median(milliseconds))} (${show(Math.min(...milliseconds))} to ${show(Math.max(...milliseconds))})`;
}
