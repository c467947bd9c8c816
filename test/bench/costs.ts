import { execFile } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { commitNow, machineNow } from "../../src/notebook/provenance";
import { costTable, parseCosts } from "../../src/table/costs";
import type { CostRecord } from "../../src/table/costs";
import { costCases, costModels } from "./cost-case";
import type { CostCase, CostRequest } from "./cost-case";
import type { BenchOptions } from "./options";
import type { Report } from "./report";
import { THREADS } from "./subject";

export const costsPath = "data/results/memory-and-speed.jsonl";
const BATCH = { texts: 8, tokens: 64 };
const LIMIT_MS = 8 * 60_000;

const FORMAT = { format: "adazeta-cost", version: 1 } as const;

const run = promisify(execFile);

/**
 * Memory and time of one step by model, precision and method, each in a process of its own. Appends to the committed records and
 * goes on where it was stopped: a case that has a record is not measured again (delete its line to do so).
 */
export async function costsBench({ rounds = 2, minutes, dry }: BenchOptions): Promise<Report> {
  const directory = resolve(".cache/onnx");
  mkdirSync(directory, { recursive: true });
  const until = minutes === undefined ? Infinity : performance.now() + minutes * 60_000;
  const known = existsSync(costsPath)
    ? [...parseCosts(readFileSync(costsPath, "utf8"), costsPath, (error) => console.error(String(error)))]
    : [];
  const has = (c: CostCase): boolean =>
    known.some((r) => r.model === c.model && r.precision === c.precision && r.method === c.method);
  for (const given of costCases.filter((c) => !has(c))) {
    if (performance.now() > until) break;
    const large = given.model === "Llama-2-7B";
    const record = await measure({ ...given, ...BATCH, phase: "measure", steps: large ? 1 : rounds + 1, directory });
    console.error(`${given.model}, ${given.precision}, ${given.method}: ${record.failed ?? "measured"}`);
    known.push(record);
    if (!dry) appendFileSync(costsPath, `${JSON.stringify(record)}\n`);
  }
  const table = costTable(known);
  return {
    title: "Memory and time of one step",
    tables: [
      {
        caption:
          `${BATCH.texts} texts of ${BATCH.tokens} tokens, Q = 1 (two forward passes), ${THREADS} threads, each case in a process of its own. Peak: largest resident memory, ` +
          `Node and TypeScript included. Time: median of the steps after the first. First-order: AdamW on ONNX Runtime, as training has it; ` +
          `rows that say so on TensorFlow.js, the second judge of gradients.`,
        head: table.columnNames(),
        rows: table.objects().map((row) => Object.values(row).map(cell)),
      },
    ],
    notes: [
      '"(shape)": generated weights of that model\'s shape; time and memory depend on the shape alone.',
      `The records behind this table, one line each: ${costsPath}.`,
    ],
  };
}

function cell(value: unknown): string {
  if (typeof value !== "number") return value === null ? "-" : String(value);
  return Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(3)));
}

async function measure(request: CostRequest): Promise<CostRecord> {
  const { model, precision, method, texts, tokens } = request;
  const weights = costModels[model].weights;
  const made = { machine: machineNow(), commit: commitNow(), date: new Date().toISOString().slice(0, 10) };
  const common = { ...FORMAT, model, weights, precision, method, texts, tokens, ...made };
  const child = async (phase: CostRequest["phase"]): Promise<string> => {
    const words = ["--import", "tsx", "test/bench/cost-once.ts", JSON.stringify({ ...request, phase })];
    return (await run(process.execPath, words, { timeout: LIMIT_MS, killSignal: "SIGKILL", maxBuffer: 1 << 24 }))
      .stdout;
  };
  try {
    await child("prepare");
    const measured = JSON.parse(await child("measure")) as CostRecord["measured"];
    return { ...common, failed: null, measured };
  } catch (error) {
    const { killed, stderr = "" } = error as { readonly killed?: boolean; readonly stderr?: string };
    const said = stderr.trim().split("\n").at(0) ?? "";
    const failed = killed ? `not done after ${LIMIT_MS / 60_000} minutes` : said.slice(0, 160) || "the process ended";
    return { ...common, failed, measured: null };
  }
}
