import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { tfjsSession } from "../../src/engine/tfjs/session";
import { classifierObjective } from "../../src/task/classifier";
import type { BenchOptions } from "./options";
import type { Report } from "./report";
import { lora, minilmTexts, smollm2Texts, THREADS } from "./subject";
import type { Texts } from "./subject";
import { median } from "./timing";

/** What a loss and a gradient cost on TensorFlow.js, beside the loss on ONNX Runtime: LoRA, batch 8. */
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
    const opening = performance.now();
    const tfjs = await tfjsSession(model, adapter);
    const opened = performance.now() - opening;
    told = tfjs.told;
    const onnx = await onnxSession(model, adapter, { threads: THREADS });
    const [on, judge] = [tfjs, onnx].map((session) => classifierObjective(session, texts.problem.readout));
    const times = { loss: [] as number[], gradient: [] as number[], onnx: [] as number[] };
    const timed = async (into: number[], work: () => Promise<unknown>): Promise<void> => {
      const started = performance.now();
      await work();
      into.push(performance.now() - started);
    };
    const until = performance.now() + (minutes * 60_000) / subjects.length;
    // The first round makes what is made once.
    for (let round = 0; round <= rounds && performance.now() < until; round++) {
      const batch = texts.batch(round);
      await timed(times.onnx, () => judge.losses([point], batch));
      await timed(times.loss, () => on.losses([point], batch));
      await timed(times.gradient, () => on.gradient!(point, batch));
    }
    const [loss, gradient, other] = [times.loss, times.gradient, times.onnx].map((all) => median(all.slice(1)));
    rows.push([
      name,
      `${(opened / 1000).toFixed(1)} s`,
      `${other.toFixed(0)} ms`,
      `${loss.toFixed(0)} ms`,
      `${gradient.toFixed(0)} ms`,
      (loss / other).toFixed(1),
      (gradient / loss).toFixed(2),
    ]);
    await tfjs.dispose();
    await onnx.dispose();
  }
  return {
    title: "A loss and a gradient on TensorFlow.js",
    tables: [
      {
        caption: `LoRA rank 8 on query and value, batch 8, median of ${rounds} rounds in turn. ${told}.`,
        head: [
          "model, task",
          "opening",
          `loss, ONNX Runtime (${THREADS} threads)`,
          "loss, TensorFlow.js",
          "loss and gradient, TensorFlow.js",
          "loss: TensorFlow.js / ONNX Runtime",
          "loss and gradient / loss",
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
