import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchOptions } from "./options";
import type { Report } from "./report";
import { THREADS } from "./subject";
import { alternate, median, seconds } from "./timing";

const LAYERS = [6, 12, 24, 30];

interface Created {
  readonly nodes: number;
  readonly compiled: number;
  readonly created: number;
  readonly cpu: number;
  readonly memory: number;
}

/** How long a session takes to open as the model gets deeper. */
export async function creationBench({ rounds = 3, minutes }: BenchOptions): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "adazeta-creation-"));
  const found = new Map<string, Created[]>();
  try {
    const rows = (["plain", "dual"] as const).flatMap((kind) =>
      LAYERS.map((layers) => ({ name: `${kind} ${layers}`, kind, layers })),
    );
    await alternate(
      rows.map(({ name, kind, layers }) => ({
        name,
        run() {
          const args = ["--import", "tsx", "test/bench/create-once.ts", String(layers), kind, folder];
          const made = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Created;
          found.set(name, [...(found.get(name) ?? []), made]);
          return Promise.resolve(made.created);
        },
      })),
      { rounds, warmUps: 0, minutes },
    );
    return {
      title: "Opening a session",
      tables: [
        {
          caption:
            `A generated Llama of SmolLM2's shape by layers, tensor-train adapters, fp32, ${THREADS} threads, weights already in the engine's file; ` +
            `each in a process of its own, ${found.get(rows[0].name)!.length} times: median (smallest to largest). Processor seconds are those of all threads.`,
          head: ["graph", "layers", "nodes", "emit, s", "create, s", "create, processor s", "memory, MiB"],
          rows: rows.map(({ name, kind, layers }) => {
            const all = found.get(name)!;
            return [
              kind,
              String(layers),
              String(all[0].nodes),
              seconds(all.map(({ compiled }) => compiled)),
              seconds(all.map(({ created }) => created)),
              seconds(all.map(({ cpu }) => cpu)),
              median(all.map(({ memory }) => memory)).toFixed(0),
            ];
          }),
        },
      ],
      notes: [
        "Goal: at most 4 s for a dual graph of 24 layers.",
        "What took the time before: ONNX Runtime's memory planner compares each new value of known rank with every value that is free by then; sizes that are known at run time only and have no names never match, so the list grew with the graph and the time with its square. With names for all of them values take over each other's memory and the list stays short.",
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
