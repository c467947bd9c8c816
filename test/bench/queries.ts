import type { BenchOptions } from "./options";
import { residentMemory, resetPeak } from "./memory";
import type { Report } from "./report";
import { llamaTrain, openStepper, smollm2Texts, THREADS } from "./subject";
import { alternate, median, seconds } from "./timing";

const BATCH = 16;
const COUNTS = [1, 2, 4, 8, 16, 32];

/** Time and peak memory of a step as its queries grow. */
export async function queriesBench({ rounds = 3, minutes }: BenchOptions): Promise<Report> {
  const texts = await smollm2Texts("phrases", BATCH);
  const stepper = await openStepper(texts, llamaTrain);
  const kinds = [
    { label: "two-sided, chunk 1", passes: (q: number) => 2 * q, how: { chunk: 1 } },
    {
      label: "directional, chunk 4",
      passes: (q: number) => q + Math.ceil(q / 4),
      how: { chunk: 4, estimator: "directional" },
    },
  ] as const;
  const batch = texts.batch(0);
  const peaks = new Map<string, number[]>();
  const rows = kinds.flatMap(({ label, passes, how }) =>
    COUNTS.map((queries) => ({ name: `${label}, Q ${queries}`, label, queries, passes: passes(queries), how })),
  );
  const times = await alternate(
    rows.map(({ name, queries, how }) => ({
      name,
      async run(round) {
        resetPeak();
        const taken = await stepper.step({ queries, ...how }, batch, round);
        peaks.set(name, [...(peaks.get(name) ?? []), residentMemory().peak]);
        return taken;
      },
    })),
    { rounds, warmUps: 1, minutes },
  );
  await stepper.session.dispose();
  return {
    title: "Time and memory of a step as Q grows",
    tables: kinds.map(({ label }) => ({
      caption: `${label}: SmolLM2-135M, the same ${BATCH} SST-2 phrases in every step, tensor-train adapters, fp32, ${THREADS} threads; ${times.get(rows[0].name)!.length} rounds after 1 warm-up.`,
      head: ["Q", "passes", "seconds", "seconds per pass", "passes per second", "peak memory, MiB"],
      rows: rows
        .filter((row) => row.label === label)
        .map(({ name, queries, passes }) => {
          const taken = times.get(name)!;
          return [
            String(queries),
            String(passes),
            seconds(taken),
            (median(taken) / 1000 / passes).toFixed(3),
            ((1000 * passes) / median(taken)).toFixed(2),
            median(peaks.get(name)!.slice(1)).toFixed(0),
          ];
        }),
    })),
    notes: [
      "Goal: time linear in Q, memory flat. Peak memory is that of the whole process during the step (resident, weights mapped from the weight file included); both graphs, plain and dual, are open.",
      "A directional call costs one pass for the point and one for each direction; both are counted as forward passes.",
    ],
  };
}
