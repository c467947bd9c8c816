import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchOptions } from "./options";
import { measured } from "./memory-case";
import type { MemoryCase, MemoryResult } from "./memory-case";
import type { Report } from "./report";

type Row = Pick<MemoryCase, "model" | "precision" | "estimator" | "arena" | "prepack"> & { readonly why: string };

const plainly = { arena: true, prepack: true } as const;
const robertaLarge = { model: "RoBERTa-large", ...plainly } as const;
const llama2 = { model: "Llama-2-7B", ...plainly } as const;

/** The goals first, then each lever against the row above it. */
const rows: readonly Row[] = [
  { ...robertaLarge, precision: "int8", estimator: "two-sided", why: "goal: 0.8 GB" },
  { ...robertaLarge, precision: "int8", estimator: "directional", why: "goal: 0.8 GB" },
  { ...robertaLarge, precision: "int8-activations:7", estimator: "directional", why: "goal: 0.8 GB" },
  { ...robertaLarge, precision: "int8", estimator: "two-sided", arena: false, why: "arena off" },
  { ...robertaLarge, precision: "int4:32", estimator: "two-sided", why: "4 bits, blocks of 32" },
  { ...robertaLarge, precision: "int4:128", estimator: "two-sided", why: "blocks of 128" },
  { ...robertaLarge, precision: "int4:128", estimator: "two-sided", arena: false, why: "and arena off" },
  { ...robertaLarge, precision: "int4:128", estimator: "two-sided", prepack: false, why: "packing off instead" },
  { ...robertaLarge, precision: "fp32", estimator: "two-sided", why: "fp32, for comparison" },
  { ...llama2, precision: "int4:128", estimator: "two-sided", why: "goal: 5.5 GB" },
  { ...llama2, precision: "int4:128", estimator: "directional", why: "goal: 5.5 GB" },
  { ...llama2, precision: "int4:128", estimator: "two-sided", arena: false, why: "arena off" },
  { ...llama2, precision: "int4:128", estimator: "two-sided", arena: false, prepack: false, why: "and packing off" },
  {
    ...llama2,
    precision: "int4:32z",
    estimator: "two-sided",
    arena: false,
    why: "blocks of 32, zero points, arena off",
  },
];

const TEXTS = 8;
const TOKENS = 64;

/** Resident memory of one AdaZeta step (tensor-train adapters, one query) on generated models, each in a process of its own. */
export async function memoryBench({ minutes }: BenchOptions): Promise<Report> {
  const started = performance.now();
  const directory = mkdtempSync(join(tmpdir(), "adazeta-memory-"));
  const results: {
    readonly row: Row;
    readonly prepared: MemoryResult;
    readonly trained: MemoryResult;
    readonly file: number;
  }[] = [];
  try {
    for (const row of rows) {
      if (minutes !== undefined && performance.now() - started > 60_000 * minutes) break;
      const given = { ...row, texts: TEXTS, tokens: TOKENS, steps: 1, directory };
      const prepared = measured({ ...given, phase: "prepare" });
      const trained = measured({ ...given, phase: "train" });
      results.push({ row, prepared, trained, file: newestWeights(directory) });
      console.error(`${row.model} ${row.precision} ${row.estimator}: ${trained.after.peak.toFixed(0)} MiB`);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  const gigabytes = (mebibytes: number): string => ((mebibytes * 2 ** 20) / 1e9).toFixed(2);
  return {
    title: "Resident memory of a step",
    tables: [
      {
        caption:
          `One AdaZeta step (tensor-train adapters, rank 5, one query) on ${TEXTS} texts of ${TOKENS} tokens, generated weights, 2 threads, in GB. ` +
          "Peak: the process's whole resident memory at its highest (VmHWM), Node and ONNX Runtime included. Own and mapped: after the step. " +
          "Quantizing: the peak of the process that wrote the weight file.",
        head: [
          "model",
          "precision",
          "estimator",
          "row",
          "weight file",
          "quantizing",
          "peak",
          "own",
          "mapped",
          "step, seconds",
        ],
        rows: results.map(({ row, prepared, trained, file }) => [
          row.model,
          row.precision,
          row.estimator,
          row.why,
          (file / 1e9).toFixed(2),
          gigabytes(prepared.after.peak),
          gigabytes(trained.after.peak),
          gigabytes(trained.after.anonymous),
          gigabytes(trained.after.mapped),
          (Array.isArray(trained.seconds) ? (trained.seconds[0] as number) : 0).toFixed(0),
        ]),
      },
    ],
    notes: [
      ...(results.length < rows.length
        ? [`${rows.length - results.length} rows were not run: the time was over.`]
        : []),
      'One graph is open at a time (`keep: "one"`); the embedding table stays in its file, and rows are fed for the batch\'s tokens.',
      "The first step's time has the opening of the session in it.",
    ],
  };
}

/** Size of the weight file written last. */
function newestWeights(directory: string): number {
  const files = readdirSync(directory)
    .filter((name) => name.endsWith(".weights"))
    .map((name) => statSync(join(directory, name)))
    .sort((a, b) => b.mtimeMs - a.mtimeMs);
  return files[0]?.size ?? 0;
}
