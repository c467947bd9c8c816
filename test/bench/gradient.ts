import { spawnSync } from "node:child_process";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { tfjsSession } from "../../src/engine/tfjs/session";
import type { LabelledBatch } from "../../src/task/classifier";
import { classifierObjective } from "../../src/task/classifier";
import type { PullBack } from "../../src/engine/session";
import { crossEntropyGradient } from "../../src/task/loss";
import { featureGradient, scores } from "../../src/task/readout";
import type { Readout } from "../../src/task/readout";
import { startGradient } from "./gradient-process";
import type { BenchOptions } from "./options";
import type { Report } from "./report";
import { minilmTexts, modelFiles, smollm2Texts, THREADS } from "./subject";
import type { Texts } from "./subject";
import { alternate, ratio, seconds } from "./timing";

const BATCH = 8;
/** Batches of a turn, one after another as in training: caches and threads are the engine's own then. TensorFlow.js, the slowest, has one. */
const IN_A_ROW = 4;
const RANK = { rank: 8, alpha: 16 };

const OURS = ["losses", "keep", "recompute"] as const;
const mebibytes = (value: number): string => `${value.toFixed(0)} MiB`;

/** MiB of a process that does nothing else. */
function peakOf(model: string, how: (typeof OURS)[number]): number {
  const args = ["--import", "tsx", "test/bench/gradient-once.ts", model, how];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`gradient-once.ts ended with ${status}: ${stderr.trim()}`);
  return (JSON.parse(stdout) as { readonly peak: number }).peak;
}

/** The loss's derivative by the features, computed outside of the engine between two calls of it. */
function pulledBack(readout: Readout, { labels }: LabelledBatch): PullBack {
  return (features) =>
    featureGradient(readout, crossEntropyGradient(scores(readout, features), readout.classes, labels));
}

/** What a loss and a gradient cost on ONNX Runtime, in PyTorch with the same savings and on TensorFlow.js, in turn: LoRA, batch 8. */
export async function gradientBench({ python, rounds = 7, minutes = 6 }: BenchOptions): Promise<Report> {
  if (python === undefined)
    throw new Error("gradient: expected --python PATH, an environment with what gradient.py names");
  const subjects: readonly (readonly [string, "minilm" | "smollm2", Texts])[] = [
    ["MiniLM, TREC", "minilm", await minilmTexts(BATCH)],
    ["SmolLM2, SST-2 phrases", "smollm2", await smollm2Texts("phrases", BATCH)],
  ];
  const rows: string[][] = [];
  const memory: string[][] = [];
  const notes: string[] = [];
  let told = "";
  for (const [name, files, texts] of subjects) {
    const { model } = texts.loaded;
    const { readout } = texts.problem;
    const adapter = makeAdapter({ kind: "lora", ...RANK, targets: ["query", "value"] }, model.sites);
    const point = adapter.initial(0);
    const open = { threads: THREADS };
    const here = await onnxSession(model, adapter, open);
    const again = await onnxSession(model, adapter, { ...open, recompute: true });
    const tfjs = await tfjsSession(model, adapter);
    const theirs = await startGradient(python, modelFiles(files), readout, { ...RANK, threads: THREADS });
    told = `PyTorch ${theirs.torch}; ${tfjs.told}`;
    if (theirs.trainable !== adapter.layout.size)
      throw new Error(`gradient: expected equal adapters, got ${adapter.layout.size} and ${theirs.trainable}`);
    try {
      const [ours, recomputed, wasm] = [here, again, tfjs].map((session) => classifierObjective(session, readout));
      const batches = (round: number, count: number): readonly LabelledBatch[] =>
        Array.from({ length: count }, (_, i) => texts.batch(IN_A_ROW * round + i));
      const torch = async (round: number, gradient: boolean): Promise<number> => {
        let seconds = 0;
        for (const batch of batches(round, IN_A_ROW)) seconds += (await theirs.ask(batch, gradient)).seconds;
        return (1000 * seconds) / IN_A_ROW;
      };
      const [mine] = await ours.losses([point], texts.batch(0));
      const { loss } = await theirs.ask(texts.batch(0), false);
      if (!(Math.abs(mine - loss) < 1e-4 * Math.max(1, Math.abs(loss))))
        throw new Error(`gradient: expected the same loss, got ${mine} here and ${loss} in PyTorch`);
      const timedAs =
        (work: (batch: LabelledBatch) => Promise<unknown>, count: number = IN_A_ROW) =>
        async (round: number) => {
          const chosen = batches(round, count);
          const started = performance.now();
          for (const batch of chosen) await work(batch);
          return (performance.now() - started) / count;
        };
      const times = await alternate(
        [
          { name: "loss", run: timedAs((batch) => ours.losses([point], batch)) },
          { name: "gradient", run: timedAs((batch) => ours.gradient!(point, batch)) },
          {
            name: "in two calls",
            run: timedAs((batch) => here.gradient!(point, batch.input, pulledBack(readout, batch))),
          },
          { name: "recomputed", run: timedAs((batch) => recomputed.gradient!(point, batch)) },
          { name: "their loss", run: (round) => torch(round, false) },
          { name: "their gradient", run: (round) => torch(round, true) },
          { name: "wasm", run: timedAs((batch) => wasm.gradient!(point, batch), 1) },
        ],
        { rounds, warmUps: 2, minutes: minutes / subjects.length },
      );
      const of = (which: string): readonly number[] => times.get(which)!;
      const row = (engine: string, lossOf: string, which: string): string[] => [
        name,
        engine,
        times.has(lossOf) ? seconds(of(lossOf), 3) : "",
        seconds(of(which), 3),
        times.has(lossOf) ? ratio(of(lossOf), of(which)) : "",
        which === "their gradient" ? "1" : ratio(of(which), of("their gradient")),
      ];
      rows.push(
        row("ONNX Runtime", "loss", "gradient"),
        row("ONNX Runtime, a second call pulled back", "loss", "in two calls"),
        row("ONNX Runtime, recomputing", "loss", "recomputed"),
        row(`PyTorch`, "their loss", "their gradient"),
        row("TensorFlow.js", "none", "wasm"),
      );
      const { peak } = await theirs.ask(texts.batch(0), true);
      memory.push([name, ...OURS.map((how) => mebibytes(peakOf(files, how))), mebibytes(peak / 2 ** 20)]);
      notes.push(`${name}: the loss of the first batch is ${mine.toFixed(5)} here and ${loss.toFixed(5)} in PyTorch.`);
    } finally {
      theirs.end();
      await tfjs.dispose();
      await again.dispose();
      await here.dispose();
    }
  }
  return {
    title: "A loss and a gradient on ONNX Runtime, in PyTorch and on TensorFlow.js",
    tables: [
      {
        caption:
          `LoRA rank 8 on query and value, batch ${BATCH}, fp32, ${THREADS} threads, up to ${rounds} rounds in turn after 2 warm-ups, ${IN_A_ROW} batches in a row in ` +
          `each turn (TensorFlow.js: 1) and others in each round, the same for all: packed tokens, label rows alone. ${told}. Seconds and ratios: median (smallest to largest).`,
        head: [
          "model, task",
          "engine",
          "loss",
          "loss and gradient",
          "loss and gradient / loss",
          "times as fast as PyTorch",
        ],
        rows,
      },
      {
        caption:
          `The peak of resident memory of a process of its own that opens the model and takes losses or gradients of 3 batches (PyTorch: its losses and ` +
          `gradients above).`,
        head: ["model, task", "losses alone", "gradients", "gradients, recomputing", "PyTorch"],
        rows: memory,
      },
    ],
    notes: [
      "Goals: loss and gradient at most 3.5 times a loss; at least as fast as PyTorch.",
      ...notes,
      "TensorFlow.js's wasm kernels have one thread in Node (its own limit).",
    ],
  };
}
