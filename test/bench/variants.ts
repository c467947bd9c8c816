import type { MezoOptions } from "../../src/optimizer/recipes";
import type { BenchOptions } from "./options";
import type { Report } from "./report";
import { llamaTrain, openStepper, smollm2Texts, THREADS } from "./subject";
import type { Stepper } from "./subject";
import { alternate, ratio, seconds } from "./timing";

const BATCH = 16;

/** The same step by other settings of the engine, and by directional derivatives. */
export async function variantsBench({ rounds = 5, minutes }: BenchOptions): Promise<Report> {
  const texts = await smollm2Texts("phrases", BATCH);
  const fused = await openStepper(texts, llamaTrain);
  const small = await openStepper(texts, llamaTrain, { tuning: { fused: false } });
  const directional = (queries: number, chunk?: number): MezoOptions => ({
    queries,
    estimator: "directional",
    ...(chunk === undefined ? {} : { chunk }),
  });
  interface Row {
    readonly name: string;
    readonly on: Stepper;
    readonly how: MezoOptions;
    /** The row of its ratio. */
    readonly against: string;
  }
  const base = "two-sided, Q 4, chunk 1, fused";
  const rows: readonly Row[] = [
    { name: base, on: fused, how: { queries: 4, chunk: 1 }, against: base },
    { name: "two-sided, Q 4, chunk 2, fused", on: fused, how: { queries: 4, chunk: 2 }, against: base },
    { name: "two-sided, Q 4, chunk 4, fused", on: fused, how: { queries: 4, chunk: 4 }, against: base },
    { name: "two-sided, Q 4, chunk 1, not fused", on: small, how: { queries: 4, chunk: 1 }, against: base },
    { name: "two-sided, Q 4, chunk 4, not fused", on: small, how: { queries: 4, chunk: 4 }, against: base },
    { name: "directional, Q 4, all in one call", on: fused, how: directional(4), against: base },
    {
      name: "two-sided, Q 8, chunk 1, fused",
      on: fused,
      how: { queries: 8 },
      against: "two-sided, Q 8, chunk 1, fused",
    },
    {
      name: "directional, Q 8, all in one call",
      on: fused,
      how: directional(8),
      against: "two-sided, Q 8, chunk 1, fused",
    },
    { name: "directional, Q 8, chunk 4", on: fused, how: directional(8, 4), against: "two-sided, Q 8, chunk 1, fused" },
    {
      name: "two-sided, Q 15, chunk 1, fused",
      on: fused,
      how: { queries: 15 },
      against: "two-sided, Q 15, chunk 1, fused",
    },
    {
      name: "directional, Q 15, all in one call",
      on: fused,
      how: directional(15),
      against: "two-sided, Q 15, chunk 1, fused",
    },
    {
      name: "directional, Q 15, chunk 4",
      on: fused,
      how: directional(15, 4),
      against: "two-sided, Q 15, chunk 1, fused",
    },
  ];
  const subjects = rows.map(({ name, on, how }) => ({
    name,
    run: (round: number) => on.step(how, texts.batch(round), round),
  }));
  const times = await alternate(subjects, { rounds, warmUps: 1, minutes });
  for (const { session } of [fused, small]) await session.dispose();
  return {
    title: "One step by other settings",
    tables: [
      {
        caption:
          `SmolLM2-135M, SST-2 (${texts.problem.origin.description}), batch ${BATCH}, tensor-train adapters (Llama placement, scale 0.3), fp32, ` +
          `${THREADS} threads, ${times.get(base)!.length} rounds in turn after 1 warm-up. The ratio is against the two-sided step of equal Q with chunk 1.`,
        head: ["step", "seconds", "times as fast"],
        rows: rows.map(({ name, against }) => [
          name,
          seconds(times.get(name)!),
          name === against ? "1" : ratio(times.get(name)!, times.get(against)!),
        ]),
      },
    ],
    notes: [
      "chunk: queries in one call of the engine. Directional derivatives are ours, not the paper's estimator; they are never fused.",
    ],
  };
}
