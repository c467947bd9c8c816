import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxGenerator } from "../../src/engine/onnx/generator";
import type { OnnxGenerator } from "../../src/engine/onnx/generator";
import { precisionName } from "../../src/engine/onnx/precision";
import type { Precision } from "../../src/engine/onnx/precision";
import { openModel } from "../../src/notebook/open";
import type { BenchOptions } from "./options";
import type { Report } from "./report";
import { llamaTrain, THREADS } from "./subject";
import { alternate, median, ratio, timed } from "./timing";

/** Tokens of the prompt, and new ones. */
const PROMPT = 256;
const NEW = 16;

const precisions: readonly Precision[] = [
  { kind: "fp32" },
  { kind: "int8" },
  { kind: "int4", block: 32, zeroPoints: true },
];

/** Greedy decoding of SmolLM2 with tensor-train adapters: tokens a second with the key/value cache, and by whole passes without it. */
export async function generationBench({ rounds = 3, minutes = 6 }: BenchOptions): Promise<Report> {
  const { model, tokenizer } = await openModel("smollm2");
  const text = "Oslo is the capital of Norway, and its largest city. ".repeat(PROMPT);
  const prompt = tokenizer.encode(text).slice(0, PROMPT);
  const rows: string[][] = [];
  for (const precision of precisions) {
    const adapter = makeAdapter(llamaTrain, model);
    const point = adapter.initial(0);
    const generator = await onnxGenerator(model, adapter, { threads: THREADS, precision });
    const { ids } = await generator.generate(point, prompt, { most: NEW });
    const times = await alternate(
      [
        { name: "prompt", run: () => timed(() => generator.generate(point, prompt, { most: 1 })) },
        { name: "cache", run: () => timed(() => generator.generate(point, prompt, { most: NEW })) },
        { name: "passes", run: () => timed(() => byWholePasses(generator, point, prompt, ids)) },
      ],
      { rounds, warmUps: 1, minutes: minutes / precisions.length },
    );
    await generator.dispose();
    const [first, cached, whole] = ["prompt", "cache", "passes"].map((name) => times.get(name)!) as [
      readonly number[],
      readonly number[],
      readonly number[],
    ];
    const further = cached.map((all, i) => (all - first[i]!) / (NEW - 1));
    rows.push([
      precisionName(precision),
      `${median(first).toFixed(0)} ms`,
      `${median(further).toFixed(0)} ms`,
      (1000 / median(further)).toFixed(1),
      ((1000 * NEW) / median(cached)).toFixed(1),
      ((1000 * NEW) / median(whole)).toFixed(1),
      ratio(cached, whole),
    ]);
  }
  return {
    title: "Greedy decoding with and without the key/value cache",
    tables: [
      {
        caption: `SmolLM2-135M with tensor-train adapters, a prompt of ${PROMPT} tokens, ${NEW} new ones, one text at a time, ${THREADS} threads; median of up to ${rounds} rounds in turn.`,
        head: [
          "weights",
          "the prompt and the first token",
          "each further token",
          "further tokens a second",
          "tokens a second, prompt included",
          "without the cache",
          "without / with (smallest to largest)",
        ],
        rows,
      },
    ],
    notes: [
      "Without the cache each token is one pass over the whole text so far, on the same graph.",
      "int8 weights are brought to fp32 for every product, whatever its number of rows: that is what a single token pays for.",
    ],
  };
}

/** The same tokens, each from a pass over all tokens before it. */
async function byWholePasses(
  generator: OnnxGenerator,
  point: Float32Array,
  prompt: readonly number[],
  ids: readonly number[],
): Promise<void> {
  for (let i = 0; i < ids.length; i++) await generator.generate(point, [...prompt, ...ids.slice(0, i)], { most: 1 });
}
