import type { ColumnTable } from "arquero";
import { fail } from "../check/check";
import { formatLine } from "./format-line";
import { tableOf } from "./rows";

/** How a model is used, from the cheapest to the dearest. */
export const costMethods = [
  "inference",
  "zeroth-order, adapters",
  "directional, adapters",
  "zeroth-order, all weights",
  "first-order, LoRA",
  "first-order, all weights",
  "first-order, LoRA, TensorFlow.js",
  "first-order, all weights, TensorFlow.js",
] as const;
export type CostMethod = (typeof costMethods)[number];

/** What one step of a method took on one model, measured in a process of its own. */
export interface CostRecord {
  readonly format: "adazeta-cost";
  readonly version: 1;
  readonly model: string;
  /** Real ones, or generated ones of the model's shape: time and memory depend on the shape alone. */
  readonly weights: "real" | "generated";
  readonly precision: string;
  readonly method: CostMethod;
  readonly texts: number;
  /** Of each text. */
  readonly tokens: number;
  /** Null where it ran; else why it did not. */
  readonly failed: string | null;
  readonly measured: {
    readonly engine: string;
    readonly trainable: number;
    readonly openSeconds: number;
    /** Of each step, in order; the first makes what is made once. */
    readonly seconds: readonly number[];
    /** Largest resident memory of the process, and what it had before the model was opened. */
    readonly peakMiB: number;
    readonly startMiB: number;
  } | null;
  readonly machine: string;
  readonly commit: string;
  readonly date: string;
}

/**
 * Gives the records of a file of cost measurements (one JSON object a line).
 * For example `parseCosts(text, "data/results/memory-and-speed.jsonl").length`.
 * @param onBad hears of a line that is not such a record, and the others are read; default: it is an error
 * @throws when a line is not such a record, naming it
 */
export function parseCosts(
  text: string,
  where: string,
  onBad: (error: unknown) => void = raise,
): readonly CostRecord[] {
  return text
    .split("\n")
    .map((line, i) => ({ line, at: `${where}:${i + 1}` }))
    .filter(({ line }) => line.trim() !== "")
    .flatMap(({ line, at }) => {
      try {
        return parseCost(line, at);
      } catch (error) {
        onBad(error);
        return [];
      }
    });
}

function raise(error: unknown): never {
  throw error;
}

function parseCost(line: string, at: string): CostRecord {
  const value = formatLine<CostRecord>(line, at, "adazeta-cost");
  if (!costMethods.some((method) => method === value.method))
    fail(`${at}: method`, costMethods.join(" | "), value.method);
  if ((value.measured === null) === (value.failed === null))
    fail(at, "either a measurement or why there is none", line.slice(0, 60));
  return value as CostRecord;
}

/** Gives the seconds of a usual step: the median without the first one, where there are more. */
export function stepSeconds({ measured }: Pick<CostRecord, "measured">): number | null {
  if (measured === null) return null;
  const later = measured.seconds.length > 1 ? measured.seconds.slice(1) : measured.seconds;
  const sorted = [...later].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

/**
 * Gives one row for each measurement: peak memory, step time, and both as a multiple of inference with the same model and precision
 * ("-" where that was not measured; a time also where another machine measured it).
 * @throws when there is no record
 */
export function costTable(records: readonly CostRecord[]): ColumnTable {
  const baseOf = ({ model, precision }: CostRecord): CostRecord | undefined =>
    records.find((r) => r.method === "inference" && r.model === model && r.precision === precision);
  return tableOf(
    records.map((record) => {
      const { model, weights, precision, method, measured, failed } = record;
      const base = baseOf(record);
      const seconds = stepSeconds(record);
      const baseSeconds = base?.machine === record.machine ? stepSeconds(base) : null;
      const peak = measured === null ? null : measured.peakMiB / 1024;
      return {
        model: `${model}${weights === "generated" ? " (shape)" : ""}`,
        precision,
        method,
        trainable: measured?.trainable ?? null,
        "peak memory (GiB)": peak,
        "x inference's memory": peak !== null && base?.measured ? (1024 * peak) / base.measured.peakMiB : null,
        "step (s)": seconds,
        "x inference's time": seconds !== null && baseSeconds !== null ? seconds / baseSeconds : null,
        remark: failed ?? "",
      };
    }),
  );
}

/** Gives the record of a model, precision and method. @throws when there is none, or it did not run */
export function costOf(
  records: readonly CostRecord[],
  model: string,
  precision: string,
  method: CostMethod,
): NonNullable<CostRecord["measured"]> {
  const found = records.find((r) => r.model === model && r.precision === precision && r.method === method);
  return (
    found?.measured ?? fail("records", `a measurement of ${model}, ${precision}, ${method}`, found?.failed ?? "none")
  );
}

/**
 * Says how many times the peak memory of one method is that of another, on the same model and precision; null where one did not run.
 * For example `memoryRatio(records, "SmolLM2-135M", "fp32", "zeroth-order, adapters", "inference")`.
 */
export function memoryRatio(
  records: readonly CostRecord[],
  model: string,
  precision: string,
  method: CostMethod,
  base: CostMethod,
): number | null {
  const peak = (of: CostMethod): number | null =>
    records.find((r) => r.model === model && r.precision === precision && r.method === of)?.measured?.peakMiB ?? null;
  const [above, below] = [peak(method), peak(base)];
  return above === null || below === null ? null : above / below;
}

/** Memory and step times that papers report; GB as they print them. */
export const publishedCosts = [
  ...[
    ["OPT-1.3B", 4, 6, 19, 27],
    ["OPT-2.7B", 7, 8, 29, 55],
    ["OPT-6.7B", 14, 16, 46, 156],
    ["OPT-13B", 26, 29, 158, 316],
  ].flatMap(([model, meZo, inContext, prefix, full]) => [
    published(model, "inference and MeZO", Number(meZo)),
    published(model, "in-context learning", Number(inContext)),
    published(model, "first-order, prefix", Number(prefix)),
    published(model, "first-order, all weights", Number(full)),
  ]),
  { model: "Llama-7B", method: "MeZO", "memory (GB)": 14.6, source: "Sparse-MeZO (NeurIPS 2025)" },
  { model: "Llama-7B", method: "first-order, LoRA", "memory (GB)": 22.4, source: "Sparse-MeZO (NeurIPS 2025)" },
  {
    model: "Llama-7B",
    method: "first-order, all weights",
    "memory (GB)": 128.2,
    source: "Sparse-MeZO (NeurIPS 2025)",
  },
] as const;

function published(model: string | number | undefined, method: string, gigabytes: number) {
  const source = "MeZO, arXiv 2305.17333, Table 22 (MultiRC, about 400 tokens)";
  return { model: String(model), method, "memory (GB)": gigabytes, source };
}
