import type { BenchOptions } from "./options";
import { startReference } from "./reference-process";
import type { Report } from "./report";
import { robertaTexts } from "./roberta";
import { bertTrain, openStepper, THREADS, tokenCounts } from "./subject";
import { alternate, median, ratio, seconds } from "./timing";

const BATCH = 16;

/** Steps of RoBERTa-large's shape on the ONNX engine and in PyTorch: organised as the reference code, and with all the same savings. */
export async function stepRobertaBench({ python, rounds = 3, minutes, layers = 24 }: BenchOptions): Promise<Report> {
  if (python === undefined)
    throw new Error("step-roberta: expected --python PATH, an environment with what reference.py names");
  const texts = await robertaTexts(layers, BATCH);
  const ours = await openStepper(texts, bertTrain);
  const options = texts.words.map((id) => [id]);
  const theirs = await startReference(python, { kind: "roberta", layers }, THREADS, "float32", options);
  try {
    if (theirs.trainable !== ours.adapter.layout.size)
      throw new Error(
        `step-roberta: expected equal adapters, got ${ours.adapter.layout.size} and ${theirs.trainable} parameters`,
      );
    const own = (queries: number, estimator?: "directional") => (round: number) =>
      ours.step({ queries, ...(estimator ? { estimator } : {}) }, texts.batch(round), round);
    const other = (queries: number, how: "reference" | "savings" | "derivatives") => (round: number) =>
      theirs.step(texts.batch(round), queries, round, how);
    const torch = `PyTorch ${theirs.torch}`;
    const rows = [
      {
        name: "ours, two-sided, Q 4",
        run: own(4),
        goals: [
          [`${torch}, reference organisation, two-sided, Q 4`, 2],
          [`${torch}, all savings, two-sided, Q 4`, 1],
        ],
      },
      {
        name: "ours, directional, Q 4",
        run: own(4, "directional"),
        goals: [[`${torch}, all savings, two-sided, Q 4`, null]],
      },
      {
        name: "ours, directional, Q 15",
        run: own(15, "directional"),
        goals: [
          [`${torch}, all savings, two-sided, Q 15`, 1.5],
          [`${torch}, all savings, derivatives, Q 15`, null],
        ],
      },
      { name: `${torch}, reference organisation, two-sided, Q 4`, run: other(4, "reference"), goals: [] },
      { name: `${torch}, all savings, two-sided, Q 4`, run: other(4, "savings"), goals: [] },
      { name: `${torch}, all savings, two-sided, Q 15`, run: other(15, "savings"), goals: [] },
      { name: `${torch}, all savings, derivatives, Q 15`, run: other(15, "derivatives"), goals: [] },
    ] satisfies readonly {
      readonly name: string;
      readonly run: (round: number) => Promise<number>;
      readonly goals: readonly (readonly [string, number | null])[];
    }[];
    const warmUps = 1;
    const times = await alternate(rows, { rounds, warmUps, minutes });
    const of = (name: string): readonly number[] => times.get(name)!;
    const counts = of(rows[0].name).map((_, i) => tokenCounts(texts.batch(i + warmUps)));
    return {
      title: "Steps of RoBERTa-large's shape against PyTorch fp32",
      tables: [
        {
          caption:
            `RoBERTa-large's shape with generated weights, ${layers} of its 24 layers, SST-2 phrases in RoBERTa's tokens with one mask each, batch ${BATCH}, ` +
            `tensor-train adapters of ${ours.adapter.layout.size} parameters (RoBERTa placement), fp32, ${THREADS} threads each, ${of(rows[0].name).length} rounds in turn ` +
            `after ${warmUps} warm-up, other texts in each round, the same for all. Seconds: median (smallest to largest).`,
          head: ["step", "seconds"],
          rows: rows.map(({ name }) => [name, seconds(of(name))]),
        },
        {
          caption: "The same rounds as ratios: how many times as fast as the other step.",
          head: ["step", "against", "times as fast", "goal"],
          rows: rows.flatMap(({ name, goals }) =>
            goals.map(([against, goal]) => [
              name,
              against,
              ratio(of(name), of(against)),
              goal === null ? "" : `${goal}`,
            ]),
          ),
        },
      ],
      notes: [
        `Tokens of a forward pass, median: ${median(counts.map(({ packed }) => packed))} without padding, ${median(counts.map(({ padded }) => padded))} padded to the batch's longest.`,
        "All savings: packed tokens, two rows of the head at the mask only, the last layer for masks only; a text has one row in every organisation. " +
          "Derivatives: torch.func.jvp under vmap, the primal once, with explicit attention, since the fused one has no forward derivative.",
      ],
    };
  } finally {
    theirs.end();
    await ours.session.dispose();
  }
}
