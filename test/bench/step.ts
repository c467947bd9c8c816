import { labelTokens } from "../../src/task/label-tokens";
import type { BenchOptions } from "./options";
import { startReference } from "./reference-process";
import { instructionSet } from "./report";
import type { Report } from "./report";
import { llamaTrain, modelFiles, openStepper, smollm2Texts, THREADS, tokenCounts } from "./subject";
import { alternate, median, ratio, seconds } from "./timing";

const BATCH = 16;

/** One AdaZeta step on the ONNX engine and in PyTorch as the reference code organises it, on the same token ids. */
export async function stepBench(
  { python, rounds = 7, minutes }: BenchOptions,
  dtype: "float32" | "bfloat16",
  queries: number,
): Promise<Report> {
  if (python === undefined)
    throw new Error("step: expected --python PATH, an environment with what reference.py names");
  if (dtype === "bfloat16" && instructionSet()?.includes("avx512_bf16") !== true)
    throw new Error("step-bfloat16: this machine has no avx512_bf16; PyTorch would emulate it, which is no fair rival");
  const texts = await smollm2Texts("phrases", BATCH);
  const { task, loaded } = texts.problem;
  const ours = await openStepper(texts, llamaTrain);
  const rounded =
    dtype === "float32"
      ? await openStepper(texts, llamaTrain, { precision: { kind: "int8-activations", weightBits: 7 } })
      : null;
  const words = labelTokens(task, "causal", loaded.tokenizer).map((id) => [id]);
  const { weights } = modelFiles("smollm2");
  const theirs = await startReference(python, { kind: "gguf", path: weights }, THREADS, dtype, words);
  try {
    if (theirs.trainable !== ours.adapter.layout.size)
      throw new Error(
        `step: expected equal adapters, got ${ours.adapter.layout.size} and ${theirs.trainable} parameters`,
      );
    const how = { queries };
    const directional = { ...how, estimator: "directional" } as const;
    const rows: readonly (readonly [string, string, (round: number) => Promise<number>])[] = [
      ["ours, two-sided", `fp32, ${2 * queries} passes`, (round) => ours.step(how, texts.batch(round), round)],
      [
        "ours, directional (not the paper's)",
        `fp32, 1 + ${queries} passes`,
        (round) => ours.step(directional, texts.batch(round), round),
      ],
      ...(rounded === null
        ? []
        : [
            [
              "ours, directional, rounded activations (where the model's measured agreement allows it)",
              `int8 with 7-bit weights, 1 + ${queries} passes`,
              (round: number) => rounded.step(directional, texts.batch(round), round),
            ] as const,
          ]),
      [
        `PyTorch ${theirs.torch}, two-sided, organised as the reference code`,
        `${dtype === "float32" ? "fp32" : "bf16"}, ${2 * queries} passes`,
        (round) => theirs.step(texts.batch(round), queries, round),
      ],
    ];
    const rival = rows.length - 1;
    const warmUps = queries > 4 ? 1 : 2;
    const times = await alternate(
      rows.map(([name, , run]) => ({ name, run })),
      { rounds, warmUps, minutes },
    );
    const of = (i: number): readonly number[] => times.get(rows[i][0])!;
    const counts = Array.from({ length: of(0).length }, (_, i) => tokenCounts(texts.batch(i + warmUps)));
    return {
      title: `One AdaZeta step against PyTorch ${dtype === "float32" ? "fp32" : "bf16"}`,
      tables: [
        {
          caption:
            `SmolLM2-135M, SST-2 (${texts.problem.origin.description}), Q = ${queries}, batch ${BATCH}, tensor-train adapters of ` +
            `${ours.adapter.layout.size} parameters (Llama placement, scale 0.3), ${THREADS} threads each, ${of(0).length} rounds in turn after ${warmUps} warm-ups, ` +
            `other texts in each round, the same for all. Seconds and ratios: median (smallest to largest).`,
          head: ["step", "arithmetic", "seconds", "times as fast as PyTorch"],
          rows: rows.map(([name, what], i) => [
            name,
            what,
            seconds(of(i)),
            i === rival ? "1" : ratio(of(i), of(rival)),
          ]),
        },
      ],
      notes: [
        dtype === "float32"
          ? queries === 4
            ? `Goal: at least 4 with the two-sided estimator. Measured: ${ratio(of(0), of(rival))}.`
            : `Goal: at least 10 directional at the best precision allowed, 6 where only fp32 is. Measured: fp32 ${ratio(of(1), of(rival))}, int8 ${ratio(of(2), of(rival))}.`
          : "The table compares time alone, not the quality of the estimate: the rival rounds weights, perturbations and features to bf16, ours computes in fp32.",
        `Tokens of a forward pass, median: ours ${median(counts.map(({ packed }) => packed))} (one row per text, no padding, label rows of the ` +
          `head at one position); the reference ${2 * median(counts.map(({ padded }) => padded))} (one row per text and label word, padded to the ` +
          `batch's longest, the full head of 49,152 rows at every position).`,
        `Most of the ratio is work not done: the two organisations differ by ${median(counts.map((c) => (2 * c.padded) / c.packed)).toFixed(1)} times in tokens.`,
      ],
    };
  } finally {
    theirs.end();
    await ours.session.dispose();
    await rounded?.session.dispose();
  }
}
