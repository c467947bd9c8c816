import { parseArgs } from "node:util";
import { existsSync } from "node:fs";
import { fail } from "../check/check";
import type { ThousandOddities } from "../task/protocol";
import type { Cell, Selection } from "./cells";
import { odditiesNamed } from "./oddities";
import { describeCell } from "./run-grid";
import { parseShare, scheduledShare } from "./share";
import type { Share, Surroundings } from "./share";
import type { Store } from "./store";

export type Scale = "tiny" | "full";

/** What the command line of an experiment asks for. */
export interface ExperimentOptions extends Selection {
  /** Name of the experiment, the first word. */
  readonly name: string | null;
  /** "tiny": a small model in minutes; "full": the paper's own models and settings. */
  readonly scale: Scale;
  /** Only say what there is to run. */
  readonly list: boolean;
  /** Make exactly those runs again whose record has a known fault. */
  readonly remake: boolean;
  /** The reference's habits to draw the texts with; default none. */
  readonly oddities: ThousandOddities;
  /** Which part of the runs to make; null: all. */
  readonly share: Share | null;
  /** Where the queries of each step are computed besides, or whole runs are made; null: in this process alone. */
  readonly workers: { readonly ray?: string; readonly count: number } | null;
  /** Whether workers make whole runs, one each at a time, in place of a step's queries. */
  readonly wholeRuns: boolean;
}

/** Workers where none are counted: as many as most steps have queries. */
const WORKERS = 4;

/**
 * Reads `<name> [--scale tiny|full] [--only arm,arm] [--tasks task,task] [--seeds 0-2,5] [--rates 1e-3,3e-3]
 * [--oddities referenceDev,testForDev,keepRepeats] [--list] [--remake] [--part 0/3 | --parts 3]
 * [--workers 4] [--ray ADDRESS] [--whole-runs]`.
 * @param found what stands around the process, where a scheduler says which of the `--parts` it is
 * @example parseOptions(["divergence", "--only", "adazeta", "--seeds", "0-2"]).seeds // [0, 1, 2]
 * @throws when an option is unknown or not of this form
 */
export function parseOptions(words: readonly string[], found: Surroundings = {}): ExperimentOptions {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      scale: { type: "string", default: "tiny" },
      only: { type: "string" },
      tasks: { type: "string" },
      seeds: { type: "string" },
      rates: { type: "string" },
      oddities: { type: "string" },
      list: { type: "boolean", default: false },
      remake: { type: "boolean", default: false },
      part: { type: "string" },
      parts: { type: "string" },
      workers: { type: "string" },
      ray: { type: "string" },
      "whole-runs": { type: "boolean", default: false },
    },
  });
  const { scale } = values;
  if (scale !== "tiny" && scale !== "full") return fail("--scale", '"tiny" or "full"', scale);
  if (positionals.length > 1) fail("experiment", "one name", positionals.join(" "));
  const { part, parts, remake } = values;
  if (part !== undefined && parts !== undefined) fail("--part", "it, or --parts and a scheduler's number", `${part} and ${parts}`); // prettier-ignore
  const share = part !== undefined ? parseShare(part) : parts !== undefined ? scheduledShare(parts, found) : null;
  if (share !== null && remake) fail("--remake", "without a part: new records take the old ones' places", "both");
  const workers = workersOf(values);
  const wholeRuns = values["whole-runs"] === true;
  if (wholeRuns && workers === null) fail("--whole-runs", "who makes them: --workers 4, or --ray ADDRESS", "neither");
  return {
    name: positionals[0] ?? null,
    scale,
    only: values.only?.split(",") ?? null,
    tasks: values.tasks?.split(",") ?? null,
    seeds: values.seeds === undefined ? null : withoutRepeats(values.seeds.split(",").flatMap(seedsOf)),
    learningRates: values.rates?.split(",").map((text) => numberOf("--rates", text)) ?? null,
    list: values.list === true,
    remake: values.remake === true,
    oddities: odditiesNamed(values.oddities?.split(",") ?? []),
    share,
    workers,
    wholeRuns,
  };
}

function workersOf(values: {
  readonly workers?: string | undefined;
  readonly ray?: string | undefined;
}): ExperimentOptions["workers"] {
  const { workers, ray } = values;
  if (ray === "") fail("--ray", "an address, 10.0.0.1:6379 say, or auto", ray);
  if (workers === undefined && ray === undefined) return null;
  const count = workers === undefined ? WORKERS : numberOf("--workers", workers);
  if (!Number.isSafeInteger(count) || count < 1 || count > 10_000)
    fail("--workers", "how many workers, 1 to 10000", workers);
  return { count, ...(ray !== undefined && { ray }) };
}

function withoutRepeats(seeds: readonly number[]): readonly number[] {
  const twice = seeds.find((seed, i) => seeds.indexOf(seed) !== i);
  return twice === undefined ? seeds : fail("--seeds", "each seed once", `${twice} twice`);
}

function seedsOf(text: string): readonly number[] {
  const range = /^(\d+)-(\d+)$/.exec(text);
  const [first, last] =
    range === null ? [numberOf("--seeds", text), numberOf("--seeds", text)] : range.slice(1).map(Number);
  if (!Number.isSafeInteger(first) || first < 0 || last < first || last - first > 9999)
    fail("--seeds", "numbers or ranges, e.g. 0-2,5", text);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function numberOf(what: string, text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) ? value : fail(what, "numbers separated by commas", text);
}

/** Lists the runs, one line each: recorded, begun or to do. */
export function listCells(
  cells: readonly Cell<unknown>[],
  store: Pick<Store, "has" | "partialPath">,
): readonly string[] {
  return cells.map((cell) => {
    const state = store.has(cell.key) ? "recorded" : existsSync(store.partialPath(cell.key)) ? "begun" : "to do";
    return `${state.padEnd(8)}  ${cell.key}  ${describeCell(cell)}`;
  });
}
