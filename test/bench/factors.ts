import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { BenchOptions } from "./options";
import type { Report } from "./report";
import { THREADS } from "./subject";
import { median, seconds as shown } from "./timing";

const BATCH = 16;
/** Steps between two redraws in a measured run, so that it has some; a real one has 50 and more. */
const REDRAW = 4;
const NU = 50;
const WAYS = {
  lora: "LoRA, rank 8 on query and value",
  factors: "all weights as factors, LOZO rank 2",
  formed: "all weights formed, MeZO by a table of normals",
} as const;
type Way = keyof typeof WAYS;

interface Measured {
  readonly seconds: readonly number[];
  readonly tokens: readonly number[];
  readonly peak: number;
  readonly trainable: number;
}

const run = promisify(execFile);

async function measured(way: Way, steps: number): Promise<Measured> {
  const words = ["--import", "tsx", "test/bench/factors-once.ts", way, ...[steps, BATCH, REDRAW].map(String)];
  return JSON.parse((await run(process.execPath, words, { maxBuffer: 1 << 24 })).stdout) as Measured;
}

/** One step of all weights by low-rank directions beside one of a LoRA and one of MeZO on formed weights: time and memory. */
export async function factorsBench({ rounds = 3, minutes }: BenchOptions): Promise<Report> {
  const started = performance.now();
  const found = new Map<Way, Measured[]>();
  for (let round = 0; round < rounds; round++) {
    if (minutes !== undefined && round > 0 && performance.now() - started > 60_000 * minutes) break;
    for (const way of Object.keys(WAYS) as Way[]) {
      found.set(way, [...(found.get(way) ?? []), await measured(way, way === "formed" ? 5 : 2 * REDRAW + 5)]);
      console.error(`round ${round + 1} of ${rounds}: ${WAYS[way]}`);
    }
  }
  /** Usual steps: not the first, which makes what is made once, and none that folds. */
  const usual = (way: Way): readonly number[] =>
    found
      .get(way)!
      .flatMap(({ seconds, tokens }) =>
        seconds.flatMap((value, i) => (i > 0 && (way !== "factors" || i % REDRAW > 0) ? value / tokens[i] : [])),
      );
  const perToken = (way: Way): number => median(usual(way));
  const folds = found
    .get("factors")!
    .flatMap(({ seconds, tokens }) =>
      seconds.flatMap((value, i) => (i > 0 && i % REDRAW === 0 ? value - perToken("factors") * tokens[i] : [])),
    );
  const fold = Math.max(0, median(folds));
  const tokens = median(found.get("lora")!.flatMap((each) => each.tokens));
  const amortized = (way: Way): number => perToken(way) * tokens + (way === "factors" ? fold / NU : 0);
  const peak = (way: Way): number => median(found.get(way)!.map((each) => each.peak));
  return {
    title: "All weights by low-rank directions",
    tables: [
      {
        caption:
          `SmolLM2-135M, fp32, two-sided, Q 1, ${BATCH} SST-2 phrases, about ${tokens.toFixed(0)} tokens, ${THREADS} threads; each in a process of its ` +
          `own, ${found.get("lora")!.length} in turn. Time: the median of a step's seconds a token, times the tokens; with what a fold adds, over ${NU} steps. ` +
          `Peak: the largest resident memory of the process, Node and TypeScript included; medians.`,
        head: ["what is trained", "numbers in a point", "step, seconds", "/ LoRA's", "peak memory, MiB", "/ LoRA's"],
        rows: (Object.keys(WAYS) as Way[]).map((way) => [
          WAYS[way],
          found.get(way)![0].trainable.toLocaleString("en"),
          amortized(way).toFixed(3),
          (amortized(way) / amortized("lora")).toFixed(2),
          peak(way).toFixed(0),
          (peak(way) / peak("lora")).toFixed(2),
        ]),
      },
    ],
    notes: [
      "Goals, all weights as factors: at most 1.15 times the time and 1.1 times the memory of a LoRA step.",
      `A fold adds ${shown(
        folds.map((value) => 1000 * Math.max(0, value)),
        2,
      )} seconds to its step, once in nu steps.`,
    ],
  };
}
