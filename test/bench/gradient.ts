import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { tfjsSession } from "../../src/engine/tfjs/session";
import { classifierObjective } from "../../src/task/classifier";
import type { BenchOptions } from "./options";
import type { Report } from "./report";
import { lora, minilmTexts, smollm2Texts, THREADS } from "./subject";
import type { Texts } from "./subject";
import { median } from "./timing";

/** What a loss and a gradient cost on ONNX Runtime and on TensorFlow.js, in turn: LoRA, batch 8. */
export async function gradientBench({ rounds = 3, minutes = 5 }: BenchOptions): Promise<Report> {
  const subjects: readonly (readonly [string, Texts])[] = [
    ["MiniLM, TREC", await minilmTexts(8)],
    ["SmolLM2, SST-2 phrases", await smollm2Texts("phrases", 8)],
  ];
  const rows: string[][] = [];
  let told = "";
  for (const [name, texts] of subjects) {
    const { model } = texts.loaded;
    const adapter = makeAdapter(lora, model.sites);
    const point = adapter.initial(0);
    const tfjs = await tfjsSession(model, adapter);
    told = tfjs.told;
    const onnx = await onnxSession(model, adapter, { threads: THREADS });
    const engines = [onnx, tfjs].map((session) => ({
      objective: classifierObjective(session, texts.problem.readout),
      loss: [] as number[],
      gradient: [] as number[],
    }));
    const timed = async (into: number[], work: () => Promise<unknown>): Promise<void> => {
      const started = performance.now();
      await work();
      into.push(performance.now() - started);
    };
    const until = performance.now() + (minutes * 60_000) / subjects.length;
    // The first round makes what is made once.
    for (let round = 0; round <= rounds && performance.now() < until; round++) {
      const batch = texts.batch(round);
      for (const { objective, loss, gradient } of engines) {
        await timed(loss, () => objective.losses([point], batch));
        await timed(gradient, () => objective.gradient!(point, batch));
      }
    }
    const [here, there] = engines.map(({ loss, gradient }) => ({
      loss: median(loss.slice(1)),
      gradient: median(gradient.slice(1)),
    }));
    rows.push([
      name,
      `${here.loss.toFixed(0)} ms`,
      `${here.gradient.toFixed(0)} ms`,
      (here.gradient / here.loss).toFixed(2),
      `${there.loss.toFixed(0)} ms`,
      `${there.gradient.toFixed(0)} ms`,
      (there.gradient / there.loss).toFixed(2),
      (there.gradient / here.gradient).toFixed(1),
    ]);
    await tfjs.dispose();
    await onnx.dispose();
  }
  return {
    title: "A loss and a gradient on ONNX Runtime and on TensorFlow.js",
    tables: [
      {
        caption: `LoRA rank 8 on query and value, batch 8, median of ${rounds} rounds in turn, the first left out. ${told}.`,
        head: [
          "model, task",
          `loss, ONNX Runtime (${THREADS} threads)`,
          "loss and gradient",
          "loss and gradient / loss",
          "loss, TensorFlow.js",
          "loss and gradient",
          "loss and gradient / loss",
          "gradient: TensorFlow.js / ONNX Runtime",
        ],
        rows,
      },
    ],
    notes: [
      "TensorFlow.js's wasm kernels have one thread in Node (its own limit); ONNX Runtime has the threads named.",
      "No GPU was used; the order of backends is tfjs-node-gpu, tfjs-node, wasm, cpu.",
    ],
  };
}
