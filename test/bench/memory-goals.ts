import { mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { parsePrecision, storage } from "../../src/engine/onnx/precision";
import { formatBytes, MEMORY, predictMemory } from "../../src/weights/memory";
import type { ModelShape } from "../../src/weights/memory";
import type { BenchOptions } from "./options";
import { llama2Shape, robertaLarge } from "./generated";
import { measured, memoryModel } from "./memory-case";
import type { MemoryCase, MemoryResult } from "./memory-case";
import type { Report } from "./report";

type Row = Pick<MemoryCase, "precision" | "estimator" | "arena" | "prepack"> & { readonly why: string };

const plainly = { arena: true, prepack: true } as const;
const twoSided = { ...plainly, estimator: "two-sided" } as const;
const directional = { ...plainly, estimator: "directional" } as const;

/** A model's rows: the goal first, then each lever against what it names. Rows of one precision stand together: they share its file. */
interface Goals extends Pick<MemoryCase, "model"> {
  readonly layers: number;
  readonly vocabulary: number;
  readonly rows: readonly Row[];
}

const roberta: Goals = {
  model: "RoBERTa-large",
  layers: robertaLarge.num_hidden_layers,
  vocabulary: robertaLarge.vocab_size,
  rows: [
    { ...twoSided, precision: "int8", why: "goal: 0.8 GB" },
    { ...directional, precision: "int8", why: "goal: 0.8 GB" },
    { ...twoSided, precision: "int8", arena: false, why: "arena off" },
    { ...directional, precision: "int8-activations:7", why: "goal: 0.8 GB" },
    { ...twoSided, precision: "int4:32", why: "4 bits, blocks of 32" },
    { ...twoSided, precision: "int4:128", why: "blocks of 128" },
    { ...twoSided, precision: "int4:128", arena: false, why: "and arena off" },
    { ...twoSided, precision: "int4:128", prepack: false, why: "packing off instead" },
    { ...twoSided, precision: "fp32", why: "fp32, for comparison" },
  ],
};

const llama: Goals = {
  model: "Llama-2-7B",
  layers: llama2Shape.layers,
  vocabulary: llama2Shape.vocabulary,
  rows: [
    { ...twoSided, precision: "int4:128", why: "goal: 5.5 GB; blocks of 128, no zero points" },
    { ...directional, precision: "int4:128", why: "goal: 5.5 GB" },
    { ...twoSided, precision: "int4:128", prepack: false, why: "packing off" },
    { ...twoSided, precision: "int4:128", prepack: false, arena: false, why: "and arena off" },
    { ...twoSided, precision: "int4:32z", why: "goal: 5.5 GB; blocks of 32, zero points" },
    { ...directional, precision: "int4:32z", why: "goal: 5.5 GB" },
    { ...twoSided, precision: "int4:32z", prepack: false, why: "packing off" },
    { ...twoSided, precision: "int4:32z", arena: false, why: "arena off instead" },
    { ...twoSided, precision: "int4:32", why: "no zero points" },
  ],
};

const TEXTS = 8;
const TOKENS = 64;

/** Resident memory of one AdaZeta step on RoBERTa-large's shape. */
export const memoryBench = (options: BenchOptions): Promise<Report> => measureGoals(roberta, options);

/** The same on Llama-2-7B's shape; `--layers` makes it shallower for a trial. */
export const memoryLlamaBench = (options: BenchOptions): Promise<Report> => measureGoals(llama, options);

/**
 * One AdaZeta step (tensor-train adapters, one query) on a generated model, each row in a process of its own. Weights are generated some rows
 * at a time and written in the precision's own form; one precision's file is on the disk at a time.
 */
async function measureGoals(goals: Goals, { minutes, layers = goals.layers }: BenchOptions): Promise<Report> {
  const started = performance.now();
  const directory = mkdtempSync(join(tmpdir(), "adazeta-memory-"));
  const { model, spec } = memoryModel({ model: goals.model, layers });
  const trainable = makeAdapter(spec, model).layout.size;
  const results: {
    readonly row: Row;
    readonly prepared: MemoryResult;
    readonly trained: MemoryResult;
    readonly file: number;
  }[] = [];
  try {
    let kept = "";
    for (const row of goals.rows) {
      if (minutes !== undefined && performance.now() - started > 60_000 * minutes) break;
      if (row.precision !== kept) {
        for (const name of readdirSync(directory)) rmSync(join(directory, name));
        requireDisk(directory, fileBytes(model, row.precision));
        kept = row.precision;
      }
      const given = { ...row, model: goals.model, layers, texts: TEXTS, tokens: TOKENS, steps: 1, directory };
      const prepared = measured({ ...given, phase: "prepare" });
      const trained = measured({ ...given, phase: "train" });
      results.push({ row, prepared, trained, file: weightBytes(directory) });
      console.error(
        `${goals.model} ${row.precision} ${row.estimator}, ${row.why}: ${trained.after.peak.toFixed(0)} MiB`,
      );
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  const gigabytes = (mebibytes: number): string => ((mebibytes * 2 ** 20) / 1e9).toFixed(2);
  const table = goals.vocabulary * model.width;
  const missing = goals.rows.slice(results.length);
  return {
    title: `Resident memory of a step, ${goals.model}'s shape`,
    tables: [
      {
        caption:
          `One AdaZeta step (tensor-train adapters, rank 5, one query) on ${TEXTS} texts of ${TOKENS} tokens, ${layers} of ${goals.layers} layers, generated ` +
          "weights, 2 threads, in GB. Peak: the process's whole resident memory at its highest (VmHWM), Node and ONNX Runtime included. Own and mapped: after " +
          "the step. Quantizing: the peak of the process that wrote the weight file, or found it written. Predicted: by the project, before anything is loaded.",
        head: [
          "precision",
          "estimator",
          "row",
          "weight file",
          "quantizing",
          "peak",
          "predicted",
          "own",
          "mapped",
          "step, seconds",
        ],
        rows: results.map(({ row, prepared, trained, file }) => [
          row.precision,
          row.estimator,
          row.why,
          (file / 1e9).toFixed(2),
          gigabytes(prepared.after.peak),
          gigabytes(trained.after.peak),
          (predicted(model, row.precision, trainable) / 1e9).toFixed(2),
          gigabytes(trained.after.anonymous),
          gigabytes(trained.after.mapped),
          (Array.isArray(trained.seconds) ? (trained.seconds[0] as number) : 0).toFixed(0),
        ]),
      },
    ],
    notes: [
      ...(missing.length > 0 ? [`Not run, the time was over: ${missing.map(({ why }) => why).join("; ")}.`] : []),
      'One graph is open at a time (`keep: "one"`). The first step\'s time has the opening of the session in it.',
      `The embedding table (${formatBytes(4 * table)} in fp32) never enters the session: it stays in the model's file, and rows are read for the batch's ` +
        `tokens. fp16 (${formatBytes(2 * table)}) could save nothing here. Of the head only the label words' rows are read.`,
    ],
  };
}

function fileBytes(model: ModelShape, precision: string): number {
  const stored = storage(parsePrecision(precision));
  const pass = { texts: 1, tokens: 1, points: 1, trainable: 0 };
  return predictMemory(model, stored, pass).weights / MEMORY.copies[stored.kind];
}

function predicted(model: ModelShape, precision: string, trainable: number): number {
  const pass = { texts: TEXTS, tokens: TOKENS, points: 2, trainable };
  return predictMemory(model, storage(parsePrecision(precision)), pass).total;
}

/** Zero points and whole pages come to the predicted weights. */
const SPARE = 1.2;

/** @throws when the weight file would not fit */
function requireDisk(directory: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  if (free < SPARE * bytes)
    throw new Error(
      `bench: expected ${formatBytes(SPARE * bytes)} free in ${directory}, got ${formatBytes(free)}; set TMPDIR to another disk`,
    );
}

/** Size of the weight files there. */
function weightBytes(directory: string): number {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".weights"))
    .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}
