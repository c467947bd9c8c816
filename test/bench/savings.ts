import type { OnnxOptions } from "../../src/engine/onnx/session";
import type { TokenBatch } from "../../src/engine/session";
import { labelTokens } from "../../src/task/label-tokens";
import type { BenchOptions } from "./options";
import { bareRun } from "./products";
import type { Report } from "./report";
import { llamaTrain, openStepper, smollm2Texts, THREADS } from "./subject";
import type { Stepper } from "./subject";
import { alternate, median, ratio, seconds, timed } from "./timing";

const BATCH = 16;
const QUERIES = 4;

/** What each saving brings: the passes of one step with everything, and with one saving left out. */
export async function savingsBench({ rounds = 5, minutes }: BenchOptions): Promise<Report> {
  const texts = await smollm2Texts("phrases", BATCH);
  const { model, tokenizer } = texts.loaded;
  const words = labelTokens(texts.problem.task, "causal", tokenizer);
  const open = (options: OnnxOptions = {}): Promise<Stepper> => openStepper(texts, llamaTrain, options);
  const all = await open();
  const onTop = { ...llamaTrain, layers: { from: Math.ceil((3 * model.layers) / 4) } };
  const top = await openStepper(texts, onTop, { tuning: { prefixCache: 0 } });
  const kept = await openStepper(texts, onTop);
  const whole = await open({ tuning: { prefix: false } });
  const grouped = await open({ tuning: { buckets: 2 } });
  const topWhole = await openStepper(texts, onTop, { tuning: { prefix: false } });
  const rounded = await open({ precision: { kind: "int8-activations", weightBits: 7 } });
  const tokens = median(
    Array.from({ length: rounds }, (_, i) => texts.batch(i).input.ids.reduce((sum, { length }) => sum + length, 0)),
  );
  const head = await bareRun([
    { name: "head", rows: Math.round(tokens), inputs: model.width, outputs: model.vocabulary },
  ]);

  /** The 2 Q passes of a two-sided step, a query's two points in one call. */
  const passes = async ({ session, adapter }: Stepper, batch: TokenBatch): Promise<void> => {
    const point = adapter.initial(0);
    for (let q = 0; q < QUERIES; q++) await session.features([point, point], batch);
  };
  const derivatives = async ({ session, adapter }: Stepper, batch: TokenBatch): Promise<void> => {
    const point = adapter.initial(0);
    await session.tangents(point, Array<Float32Array>(QUERIES).fill(point), batch);
  };
  interface Row {
    readonly name: string;
    readonly run: (batch: TokenBatch) => Promise<unknown>;
    /** Which row this saving is compared with: the one that has it. */
    readonly base: string;
  }
  const everything = "two-sided, all savings";
  const topName = "adapters in the top quarter of the layers (ours)";
  const rows: readonly Row[] = [
    { name: everything, run: (batch) => passes(all, batch), base: everything },
    {
      name: "label rows: the head's products on every position added",
      run: async (batch) => {
        await passes(all, batch);
        for (let i = 0; i < 2 * QUERIES; i++) await head.run();
      },
      base: everything,
    },
    {
      name: "one row per example: a row per example and label word",
      run: (batch) => passes(all, { ids: batch.ids.flatMap((ids) => words.map((word) => [...ids, word])) }),
      base: everything,
    },
    { name: "packing: all texts as long as the longest", run: (batch) => passes(all, padded(batch)), base: everything },
    { name: "prefix: computed for each call", run: (batch) => passes(whole, batch), base: everything },
    { name: topName, run: (batch) => passes(top, batch), base: topName },
    {
      name: `${topName}; each text's prefix kept from an earlier epoch`,
      run: (batch) => passes(kept, batch),
      base: topName,
    },
    { name: `${topName}; prefix computed for each call`, run: (batch) => passes(topWhole, batch), base: topName },
    {
      name: "buckets: texts in two groups of similar length",
      run: (batch) => passes(grouped, batch),
      base: everything,
    },
    {
      name: "what buckets in attention could save at most: equal lengths, as many tokens",
      run: (batch) => passes(all, even(batch)),
      base: everything,
    },
    { name: "directional", run: (batch) => derivatives(all, batch), base: everything },
    {
      name: "directional, int8 with rounded activations, 7-bit weights",
      run: (batch) => derivatives(rounded, batch),
      base: everything,
    },
  ];
  // The epoch before: every round's texts have been seen.
  for (let round = 0; round <= rounds; round++)
    await kept.session.features([kept.adapter.initial(0)], { ...texts.batch(round).input });
  const times = await alternate(
    rows.map(({ name, run }) => ({
      name,
      // A copy: a batch that was seen before would have its prefix already.
      run: (round) => timed(() => run({ ...texts.batch(round).input })),
    })),
    { rounds, warmUps: 1, minutes },
  );
  for (const { session } of [all, top, kept, whole, topWhole, rounded, grouped]) await session.dispose();
  return {
    title: "What each saving brings",
    tables: [
      {
        caption:
          `The passes of one step with Q ${QUERIES}: SmolLM2-135M, ${BATCH} SST-2 phrases (about ${Math.round(tokens)} tokens), tensor-train adapters, fp32 unless named, ` +
          `${THREADS} threads, ${times.get(everything)!.length} rounds in turn after 1 warm-up. The last column is against the row with all savings, or against its own base.`,
        head: ["what", "seconds", "times as long"],
        rows: rows.map(({ name, base }) => [
          name,
          seconds(times.get(name)!, 3),
          name === base ? "1" : ratio(times.get(base)!, times.get(name)!),
        ]),
      },
    ],
    notes: [
      "A prefix kept from an earlier epoch: each text's hidden states below the first adapter, computed once for it alone (`prefixCache`). Below 1: what it takes of the time.",
      "Above 1: leaving the saving out takes so many times as long. Below 1 (equal lengths, directional, int8): what a further saving takes of the time.",
      "With equal lengths attention pads nothing: no way of grouping texts by length can save more than this row does.",
      "Directional passes carry exact derivatives instead of two points; rounded activations are for them alone, where the model's measured agreement allows it.",
    ],
  };
}

function padded({ ids }: TokenBatch): TokenBatch {
  const longest = Math.max(...ids.map(({ length }) => length));
  return {
    ids: ids.map((text) => [...text, ...Array<number>(longest - text.length).fill(text[0])]),
    scored: ids.map(({ length }) => length - 1),
  };
}

/** The same tokens dealt out to as many texts of (nearly) equal length. */
function even({ ids }: TokenBatch): TokenBatch {
  const all = ids.flat();
  return {
    ids: ids.map((_, b) =>
      all.slice(Math.round((b * all.length) / ids.length), Math.round(((b + 1) * all.length) / ids.length)),
    ),
  };
}
