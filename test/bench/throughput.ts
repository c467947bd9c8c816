import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { parsePrecision } from "../../src/engine/onnx/precision";
import { createWorkspace } from "../../src/estimator/workspace";
import type { Method } from "../../src/optimizer/method";
import { lozo, mezo } from "../../src/optimizer/recipes";
import { step } from "../../src/optimizer/step";
import type { StepOutcome } from "../../src/optimizer/step";
import { classifierObjective } from "../../src/task/classifier";
import type { BenchOptions } from "./options";
import type { Report } from "./report";
import { bertTrain, llamaTrain, lora, minilmTexts, smollm2Texts, THREADS, tokenCounts } from "./subject";
import type { Texts } from "./subject";
import { alternate, median } from "./timing";
import type { Subject } from "./timing";

const BATCH = 16;
const RATE = 1e-6;
/** Batches of a turn, one step each: steps follow each other there as in training, so that caches and threads are the engine's own. */
const IN_A_ROW = { minilm: 16, smollm2: 4 } as const;
/** Passes of a batch by the frozen model. */
const PASSES = 2;

interface Row {
  readonly what: string;
  readonly adapter: AdapterSpec;
  readonly method: Method;
  readonly queries: number;
  /** Rows of the batch that a step computes: forward passes, a tangent counted as one. */
  readonly passes: number;
  readonly goal: number;
}

/** What is measured on a model, by precision. */
function rowsOf(train: AdapterSpec, goal: number, precision: string): readonly Row[] {
  const twoSided = (what: string, adapter: AdapterSpec, queries: number): Row => {
    return { what, adapter, method: mezo({ learningRate: RATE, queries }), queries, passes: 2 * queries, goal };
  };
  const directional = (queries: number): Row => ({
    what: "tensor train, directional",
    adapter: train,
    method: mezo({ learningRate: RATE, queries, estimator: "directional" }),
    queries,
    passes: 1 + queries,
    goal: 0.85,
  });
  return [
    twoSided("LoRA, two-sided", lora, 1),
    twoSided("LoRA, two-sided", lora, 4),
    twoSided("tensor train, two-sided", train, 1),
    {
      what: "LoRA, one-sided",
      adapter: lora,
      method: {
        ...mezo({ learningRate: RATE, queries: 4 }),
        probe: { kind: "one-sided", perturbationScale: 1e-3, chunk: 1 },
      },
      queries: 4,
      passes: 5,
      goal,
    },
    ...[1, 4, 15].map(directional),
    // What is trained is in fp32 whatever the precision.
    ...(precision !== "fp32"
      ? []
      : [1, 4].map((queries): Row => ({
          what: "all weights as factors, two-sided",
          adapter: { kind: "full", layers: "all", factors: 2 },
          method: lozo({ learningRate: RATE, rank: 2, redraw: 50, queries }),
          queries,
          passes: 2 * queries,
          goal,
        }))),
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

/**
 * The engine's rate inside a step beside its plain rate: tokens a second of a step, its directions, points and update included, over those of
 * forward passes of the frozen model on the same texts, one after another.
 */
export async function throughputBench({ rounds = 5, minutes = 20 }: BenchOptions): Promise<Report> {
  const models: readonly (readonly [string, Texts, AdapterSpec, number, number])[] = [
    ["MiniLM, TREC", await minilmTexts(BATCH), bertTrain, 0.9, IN_A_ROW.minilm],
    ["SmolLM2, SST-2 phrases", await smollm2Texts("phrases", BATCH), llamaTrain, 0.95, IN_A_ROW.smollm2],
  ];
  const started = performance.now();
  const table: string[][] = [];
  const left: string[] = [];
  for (const [name, texts, train, goal, inARow] of models)
    for (const precision of ["fp32", "int8"]) {
      if (performance.now() - started > 60_000 * minutes) {
        left.push(`${name}, ${precision}`);
        continue;
      }
      const rows = rowsOf(train, goal, precision);
      const key = ({ what, queries }: Row): string => `${what}, Q ${queries}`;
      const open = { threads: THREADS, precision: parsePrecision(precision), freeBytes: Infinity };
      const { model } = texts.loaded;
      // The rounds that count see the texts for the second time, as every epoch but the first does: what the layers below the adapters make of a text is kept.
      const batchOf = (round: number, index: number) => texts.batch((round % rounds) * inARow + index);
      const frozen = await onnxSession(model, makeAdapter({ kind: "none" }, model), open);
      const none = new Float32Array(0);
      /** A method whose steps have more passes takes the first batches alone. */
      const stepsOf = ({ passes }: Row): number =>
        Math.min(inARow, Math.max(1, Math.round((inARow * PASSES) / passes)));
      /** Milliseconds of a pass of each batch, by round. */
      const alone: number[][] = [];
      const plain: Subject = {
        name: "plain",
        async run(round) {
          const taken: number[] = [];
          for (let index = 0; index < inARow; index++) {
            const { input } = batchOf(round, index);
            const started = performance.now();
            for (let pass = 0; pass < PASSES; pass++) await frozen.features([none], input);
            taken.push((performance.now() - started) / PASSES);
          }
          alone[round] = taken;
          return sum(taken) / inARow;
        },
      };
      const sessions = new Map<string, Awaited<ReturnType<typeof onnxSession>>>();
      for (const { adapter } of rows)
        if (!sessions.has(JSON.stringify(adapter)))
          sessions.set(JSON.stringify(adapter), await onnxSession(model, makeAdapter(adapter, model), open));
      const subjects = rows.map((row): Subject => {
        const adapter = makeAdapter(row.adapter, model);
        const objective = classifierObjective(sessions.get(JSON.stringify(row.adapter))!, texts.problem.readout);
        const { layout } = adapter;
        const workspace = createWorkspace(layout.size);
        let index = 0;
        let outcome: StepOutcome = { point: adapter.initial(0), state: { count: 0, vectors: {} } };
        return {
          name: key(row),
          async run(round) {
            const started = performance.now();
            for (let batch = 0; batch < stepsOf(row); batch++) {
              const at = { seed: 0, step: index++, epoch: 0, layout, batch: batchOf(round, batch), workspace };
              outcome = await step(row.method, objective, outcome.point, { ...at, state: outcome.state });
            }
            return (performance.now() - started) / (stepsOf(row) * row.passes);
          },
        };
      });
      const times = await alternate([plain, ...subjects], { rounds, warmUps: rounds, minutes: minutes / 4 });
      const tokensOf = (round: number, batches: number): number =>
        sum(Array.from({ length: batches }, (_, index) => tokenCounts(batchOf(round, index)).packed)) / batches;
      /** Tokens a second, of a turn's milliseconds a pass. */
      const rate = (taken: readonly number[], batches: number): number =>
        median(taken.map((value, round) => (1000 * tokensOf(round, batches)) / value));
      const base = times.get("plain")!;
      for (const row of rows) {
        const taken = times.get(key(row))!;
        const same = alone.slice(rounds).map((each) => sum(each.slice(0, stepsOf(row))) / stepsOf(row));
        const ratios = taken.map((value, i) => same[i] / value);
        const share = median(ratios);
        table.push([
          name,
          precision,
          row.what,
          String(row.queries),
          rate(base, inARow).toFixed(0),
          rate(taken, stepsOf(row)).toFixed(0),
          `${share.toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
          `${row.goal.toFixed(2)}${share >= row.goal ? "" : ", not met"}`,
        ]);
      }
      await frozen.dispose();
      for (const session of sessions.values()) await session.dispose();
    }
  return {
    title: "Tokens a second inside a step over plain inference",
    tables: [
      {
        caption:
          `${BATCH} texts a batch, packed, ${THREADS} threads, up to ${rounds} rounds in turn, other texts in each round, the same for all, and all of them seen once before: a second epoch. ` +
          `In a turn ${IN_A_ROW.minilm} batches of MiniLM or ${IN_A_ROW.smollm2} of SmolLM2 follow each other, as in training, or as many as make twice as many passes. Plain: passes of the frozen model on the same texts. Step: directions, points, passes and update; a tangent row counts as a pass. ` +
          `Tokens a second: medians; the ratio: median (smallest to largest) of the rounds'.`,
        head: [
          "model, task",
          "precision",
          "method",
          "Q",
          "plain, tokens/s",
          "in a step, tokens/s",
          "step / plain",
          "goal",
        ],
        rows: table,
      },
    ],
    notes: [
      ...(left.length > 0 ? [`Not measured, the time was over: ${left.join("; ")}.`] : []),
      "Goals: two-sided and one-sided steps 0.95 on SmolLM2 and 0.90 on MiniLM, directional ones 0.85.",
      "What bounds those that fall short: a pass with tangents carries a second value through every elementwise operation, for which there is no fused kernel; weights that may change are inputs of the graph, each with two small products and an addition beside it.",
      "What all weights as factors trains is in fp32, so it has no row of int8; a fold, once in nu steps, is in `npm run bench -- factors`.",
    ],
  };
}
