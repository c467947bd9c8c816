import { makeAdapter } from "../../src/adapter/make-adapter";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { plainHere } from "../../src/estimator/direction";
import { openDirections, type DirectionSpec } from "../../src/estimator/directions";
import { createWorkspace } from "../../src/estimator/workspace";
import type { BenchOptions } from "./options";
import type { Report } from "./report";
import { llamaTrain, lora, smollm2Texts, THREADS, tokenCounts } from "./subject";
import { alternate, ratio, seconds, timed } from "./timing";

const BATCH = 16;
const table: DirectionSpec = { kind: "table", bits: 20 };
const gaussian: DirectionSpec = { kind: "gaussian" };
const cases: readonly {
  readonly what: string;
  readonly spec: AdapterSpec;
  readonly kinds: readonly DirectionSpec[];
}[] = [
  { what: "all weights", spec: { kind: "full", layers: "all" }, kinds: [table, gaussian] },
  { what: "tensor trains", spec: llamaTrain, kinds: [gaussian] },
  { what: "LoRA", spec: lora, kinds: [gaussian] },
];

/** What the noise of one query costs beside its two forward passes, for adapters and for the whole model. */
export async function noiseBench({ rounds = 5, minutes }: BenchOptions): Promise<Report> {
  const texts = await smollm2Texts("phrases", BATCH);
  const { model } = texts.loaded;
  const rows: string[][] = [];
  for (const { what, spec, kinds } of cases) {
    const adapter = makeAdapter(spec, model);
    const size = adapter.layout.size;
    const session = await onnxSession(model, adapter, { threads: THREADS });
    const workspace = createWorkspace(size);
    const point = adapter.initial(0);
    const [z, plus, minus] = [0, 1, 2].map((i) => workspace.buffer(i));
    const noise = (kind: DirectionSpec, query: number): void => {
      const direction = openDirections(kind, plainHere(0, 0, size))(query, () => z);
      direction.spreadInto(plus, minus, 1e-3, point);
      direction.addInPlace(workspace.gradient, 0.1);
    };
    const times = await alternate(
      [
        {
          name: "passes",
          run: (round) => timed(() => session.features([plus, minus], texts.batch(round).input)),
        },
        ...kinds.map((kind) => ({
          name: kind.kind,
          run: (round: number) => timed(async () => noise(kind, round)),
        })),
      ],
      { rounds, warmUps: 1, minutes },
    );
    await session.dispose();
    const passes = times.get("passes")!;
    for (const { kind } of kinds) {
      const taken = times.get(kind)!;
      rows.push([what, String(size), kind, seconds(taken, 4), seconds(passes, 3), ratio(passes, taken)]);
    }
  }
  const { packed } = tokenCounts(texts.batch(0));
  return {
    title: "Noise of a query beside its two forward passes",
    tables: [
      {
        caption: `SmolLM2-135M, ${BATCH} SST-2 phrases (${packed} tokens in the first batch), fp32, ${THREADS} threads, ${rounds} rounds in turn after 1 warm-up. Noise: both points and the sum of the gradient, on one thread. Median (smallest to largest).`,
        head: ["trained", "parameters", "directions", "noise, seconds", "two passes, seconds", "noise / passes"],
        rows,
      },
    ],
    notes: [
      "Goal: less than the forward passes (a ratio below 1). The passes of all weights include bringing each point to the engine's thread.",
      "In a step the noise of the next query is made while the engine computes, so it costs less than it takes where a core is free.",
    ],
  };
}
