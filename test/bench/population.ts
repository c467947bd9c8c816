import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxGenerator } from "../../src/engine/onnx/generator";
import { openModel } from "../../src/notebook/open";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import type { BenchOptions } from "./options";
import type { Report } from "./report";
import { THREADS } from "./subject";
import { alternate, median, ratio, timed } from "./timing";

/** Tokens of the longest prompt, and new ones. */
const PROMPT = 48;
const NEW = 24;
/** Points and prompts of a call: as many texts either way. */
const POINTS = 8;
const PROMPTS = 4;

/** Greedy decoding of SmolLM2 with LoRA: a population's texts in one pass each time, against as many texts of one point, and against one after another. */
export async function populationBench({ rounds = 3, minutes = 6 }: BenchOptions): Promise<Report> {
  const { model, tokenizer } = await openModel("smollm2");
  const text = tokenizer.encode("Oslo is the capital of Norway, and its largest city. ".repeat(PROMPT));
  const adapter = makeAdapter({ kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] }, model);
  const noise = normals(randomKey(0, "check"), adapter.layout.size);
  const points = Array.from({ length: POINTS }, (_, p) => adapter.initial(0).map((x, i) => x + 1e-3 * p * noise[i]!));
  const prompts = Array.from({ length: PROMPTS }, (_, b) => text.slice(b, PROMPT - b));
  const texts = POINTS * PROMPTS;
  const generator = await onnxGenerator(model, adapter, { threads: THREADS, together: texts });
  const [point] = points as [Float32Array];
  const many = Array.from({ length: texts }, (_, i) => prompts[i % PROMPTS]!);
  const times = await alternate(
    [
      { name: "population", run: () => timed(() => generator.generateAll(points, prompts, { most: NEW })) },
      { name: "batch", run: () => timed(() => generator.generateAll([point], many, { most: NEW })) },
      {
        name: "in turn",
        run: () =>
          timed(async () => {
            for (const prompt of prompts) await generator.generate(point, prompt, { most: NEW });
          }),
      },
    ],
    { rounds, warmUps: 1, minutes },
  );
  await generator.dispose();
  const [population, batch, inTurn] = ["population", "batch", "in turn"].map((name) => times.get(name)!) as [
    readonly number[],
    readonly number[],
    readonly number[],
  ];
  const perSecond = (all: readonly number[], of = texts): string => ((1000 * NEW * of) / median(all)).toFixed(1);
  return {
    title: "Texts of a population, written together",
    tables: [
      {
        caption: `SmolLM2-135M with LoRA of rank 8, ${POINTS} points x ${PROMPTS} prompts of ${PROMPT - 2 * (PROMPTS - 1)} to ${PROMPT} tokens, ${NEW} new ones each, ${THREADS} threads; median of up to ${rounds} rounds in turn.`,
        head: [
          "texts",
          "tokens a second, prompts included",
          "as many texts in its time over the population's (smallest to largest)",
        ],
        rows: [
          [`${POINTS} points x ${PROMPTS} prompts in one pass`, perSecond(population), "1"],
          [`${texts} texts of one point in one pass`, perSecond(batch), ratio(population, batch)],
          [
            `${PROMPTS} texts of one point, one after another`,
            perSecond(inTurn, PROMPTS),
            ratio(
              population,
              inTurn.map((time) => POINTS * time),
            ),
          ],
        ],
      },
    ],
    notes: [
      "The last column is the other way's time over the population's: above 0.8 the population has at least 0.8 of its tokens a second.",
    ],
  };
}
