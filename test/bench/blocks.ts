import { execFile } from "node:child_process";
import { appendFileSync } from "node:fs";
import { promisify } from "node:util";
import { commitNow, machineNow } from "../../src/notebook/provenance";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { arm } from "../../src/experiment/arms";
import type { ArmName } from "../../src/experiment/arms";
import { sideSettings } from "../../src/experiment/side-grid";
import type { GradientMemory } from "../../src/table/gradient-memory";
import type { BenchOptions } from "./options";
import type { Report, Table } from "./report";
import { lora, THREADS } from "./subject";
import { median } from "./timing";

const path = "data/results/gradient-memory.jsonl";
const BATCH = 8;
/** Steps of a process: the first is not timed. */
const STEPS = 4;

/** One measurement: what is trained, by which rule, and how much of its gradient is alive at a time. */
export interface BlocksCase {
  readonly model: "minilm" | "smollm2";
  readonly trained: keyof typeof TRAINED;
  readonly rule: "none" | "SGD" | "LOMO" | "AdaLomo" | "AdamW" | "MeZO";
  readonly alive: "all" | "one block's" | "none";
  readonly batch: number;
  readonly steps: number;
}

/** What each way trains, and whether the process has seen its texts before, so that hidden states are kept where an engine keeps them. */
export const TRAINED = {
  "all weights": { adapter: () => ({ kind: "full", layers: "all" }), kept: false },
  LoRA: { adapter: () => lora, kept: false },
  "bottlenecks in every layer": { adapter: adapterOf("adamw-bottleneck"), kept: false },
  "last layer": { adapter: adapterOf("adamw-last-layer"), kept: true },
  "SHERL's network": { adapter: adapterOf("sherl"), kept: true },
  "SHERL's network, nothing kept": { adapter: adapterOf("sherl"), kept: false },
  nothing: { adapter: () => ({ kind: "none" }), kept: false },
} as const satisfies Readonly<Record<string, { adapter: (model: "minilm" | "smollm2") => AdapterSpec; kept: boolean }>>;

/** The adapter of an arm of the grid that compares them. */
function adapterOf(id: ArmName): (model: "minilm" | "smollm2") => AdapterSpec {
  return (model) => arm(id, sideSettings(model === "minilm" ? "minilm-trec" : "smollm2-sst2", 1e-3)).adapter;
}

type Row = Pick<BlocksCase, "trained" | "rule" | "alive">;

const ROWS: readonly Row[] = [
  { trained: "all weights", rule: "none", alive: "none" },
  ...(["AdamW", "AdaLomo", "LOMO"] as const).flatMap((rule) =>
    (["all", "one block's"] as const).map((alive) => ({ trained: "all weights" as const, rule, alive })),
  ),
  { trained: "LoRA", rule: "AdamW", alive: "all" },
  { trained: "LoRA", rule: "MeZO", alive: "none" },
  // How far back a gradient goes; the probe's features are the last row's forward pass.
  ...(["bottlenecks in every layer", "last layer", "SHERL's network", "SHERL's network, nothing kept"] as const).map(
    (trained) => ({ trained, rule: "AdamW" as const, alive: "all" as const }),
  ),
  { trained: "SHERL's network", rule: "MeZO", alive: "none" },
  { trained: "nothing", rule: "none", alive: "none" },
];

const MODELS = { minilm: ["MiniLM", "trec"], smollm2: ["SmolLM2-135M", "sst2"] } as const;

const run = promisify(execFile);

async function measured(given: BlocksCase): Promise<GradientMemory["measured"]> {
  const words = ["--import", "tsx", "test/bench/blocks-once.ts", JSON.stringify(given)];
  return JSON.parse((await run(process.execPath, words, { maxBuffer: 1 << 24 })).stdout) as GradientMemory["measured"];
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

/** Peak memory and time of training all weights with all gradients alive, and with one block's. Appends to the committed records. */
export async function blocksBench({ rounds = 3, minutes, dry }: BenchOptions): Promise<Report> {
  const tables: Table[] = [];
  for (const model of Object.keys(MODELS) as (keyof typeof MODELS)[]) tables.push(await measure(model, { rounds, minutes, dry })); // prettier-ignore
  return {
    title: "All weights with the gradient of one block alive at a time",
    tables,
    notes: [
      "Peak: the largest resident memory of the process, Node, TypeScript and tokenizer included.",
      "Gradients: the most that a rule was handed at a time. State: what it carries from step to step; a step writes the next state beside it.",
      "A run holds its point twice, so that it can stop where it stood, and the engine a copy of it. All rules take the same derivatives.",
      "Where hidden states below what is trained are kept, the process has seen its texts once before it is timed.",
      `The records behind these tables, one line each: ${path}.`,
    ],
  };
}

async function measure(
  model: keyof typeof MODELS,
  { rounds, minutes, dry }: { readonly rounds: number; readonly minutes: number | undefined; readonly dry: boolean },
): Promise<Table> {
  const started = performance.now();
  const found = new Map<Row, GradientMemory["measured"][]>(ROWS.map((row) => [row, []]));
  let done = 0;
  for (; done < rounds; done++) {
    if (minutes !== undefined && done > 0 && performance.now() - started > 30_000 * minutes) break;
    for (const row of ROWS) found.get(row)!.push(await measured({ model, ...row, batch: BATCH, steps: STEPS }));
    console.error(`${model}: round ${done + 1} of ${rounds}`);
  }
  const [name, task] = MODELS[model];
  const made = { machine: machineNow(), commit: commitNow(), date: new Date().toISOString().slice(0, 10) };
  const rows = ROWS.map((row) => {
    const all = found.get(row)!;
    return {
      row,
      figures: {
        ...all[0]!,
        peakMiB: median(all.map(({ peakMiB }) => peakMiB)),
        startMiB: median(all.map(({ startMiB }) => startMiB)),
        seconds: all.flatMap(({ seconds }) => seconds),
      },
      usual: median(all.flatMap(({ seconds }) => seconds.slice(1))),
    };
  });
  if (!dry)
    for (const { row, figures } of rows) {
      const what = { model: name, task, ...row, batch: BATCH };
      const record: GradientMemory = { format: "adazeta-gradient-memory", version: 1, ...what, measured: figures, ...made }; // prettier-ignore
      appendFileSync(path, `${JSON.stringify(record)}\n`);
    }
  const base = rows.find(({ row }) => row.rule === "AdamW" && row.alive === "all")!;
  return {
    caption:
      `${name} on ${task}, fp32, batch ${BATCH}, ${THREADS} threads; each in a process of its own of ${STEPS} steps, ${done} in turn: medians. ` +
      `With one block's gradients alive, hidden states are recomputed on the way back.`,
    head: ["trained", "rule", "gradients alive", "peak, MiB", "/ AdamW's, all", "gradients, MiB", "state, MiB", "step, seconds"], // prettier-ignore
    rows: rows.map(({ row, figures: { peakMiB, gradientBytes, stateBytes }, usual }) => [
      row.trained,
      row.rule,
      row.alive,
      peakMiB.toFixed(0),
      (peakMiB / base.figures.peakMiB).toFixed(2),
      mebibytes(gradientBytes),
      mebibytes(stateBytes),
      usual.toFixed(3),
    ]),
  };
}
