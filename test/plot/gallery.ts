import { divergenceMap } from "../../src/plot/divergence-map";
import type { Figure } from "../../src/plot/figure";
import { initialScaleFigure } from "../../src/plot/initial-scale";
import { lossByStepsAndPasses, lossFigure } from "../../src/plot/loss";
import { matricesFigure } from "../../src/plot/matrices";
import { rankingFigure } from "../../src/plot/ranking";
import { parameterCountFigure } from "../../src/plot/parameter-count";
import { scheduleFigure } from "../../src/plot/schedule";
import { meanAndSpread } from "../../src/plot/spread";
import { timeFigure } from "../../src/plot/time";
import { warningsFigure } from "../../src/plot/warnings";
import { rankMethods } from "../../src/table/ranking";
import type { RunRecord } from "../../src/table/record";
import { matrix } from "../../src/tt/matrix";
import { divergenceRuns, origin, syntheticRun } from "./synthetic-runs";

/** Every figure function once or more, with invented data in realistic shapes, to be looked at and to be measured for overlaps. */
export function gallery(): Readonly<Record<string, Figure>> {
  const runs = divergenceRuns(5);
  const first = runs.filter((run) => run.seed === 0);
  const three = [first[0]!, first[1]!, first[4]!];
  const named = (run: RunRecord, name: string): RunRecord => ({ ...run, name });
  const rates = [1e-3, 3e-3, 1e-2, 3e-2];
  const map = rates.flatMap((learningRate, r) =>
    ["MeZO-LoRA", "TT, one query", "LoRA + schedule", "AdaZeta"].flatMap((arm, a) =>
      a === 3 && r === 3
        ? []
        : [0, 1, 2, 3, 4].map((seed) => {
            const bad = seed < 2 * r + 1 - a;
            return syntheticRun({ arm, seed, learningRate, steps: 40, ...(bad ? { divergesAt: 30 } : {}) });
          }),
    ),
  );
  return {
    schedule: scheduleFigure(
      [
        {
          name: "AdaZeta",
          queries: {
            kind: "power-law",
            form: "current",
            multiplier: 0.85,
            exponent: { target: 8, epochs: 15 },
            cap: 8,
          },
        },
        { name: "MeZO-LoRA", queries: 1 },
        { name: "linear to 8", queries: { kind: "linear", from: 1, to: 8, over: 30, unit: "epoch" } },
      ],
      { steps: 480, stepsPerEpoch: 16, title: "How many forward passes may a step spend?" },
    ),
    lossSteps: lossFigure(three, { x: "steps", title: "Who still learns?", origin }),
    lossPartial: lossFigure(
      three.map((run) => ({ ...run, diverged: null, evaluations: run.evaluations.slice(0, 3) })),
      { x: "forward passes", until: 1824, title: "A live run" },
    ),
    lossBoth: lossByStepsAndPasses(three, { title: "Three runs of MiniLM-L6 on TREC", origin }),
    lossNamed: lossByStepsAndPasses(
      [
        named(first[0]!, "MeZO-LoRA (1 query, learning rate 3e-3)"),
        named(first[1]!, "AdaZeta (1 to 8 queries, learning rate 3e-3)"),
        named(first[4]!, "MeZO-LoRA at a third of the rate, as many forward passes as AdaZeta"),
        named(first[1]!, "AdaZeta <b>again</b> & again"),
      ],
      { title: "Long names & <escaped> ones cost $5 or $6", origin },
    ),
    lossBlownUp: lossByStepsAndPasses(
      [
        ...three,
        {
          ...three[0]!,
          arm: "random mask",
          evaluations: three[0]!.evaluations.map((e, i) => ({ ...e, loss: i < 9 ? e.loss : 95 })),
        },
      ],
      { title: "One run at 95 nats does not flatten the others", origin },
    ),
    ranking: rankingFigure(rankMethods(map, { kind: "steps", most: 40 }, "mezo-lora"), {
      title: "Which method comes lowest?",
      origin,
      reference: "mezo-lora",
    }),
    spreadBoth: meanAndSpread(runs, { x: "both", title: "Mean and spread over seeds", origin }),
    spreadSteps: meanAndSpread(runs, {
      x: "steps",
      band: "standard deviation",
      title: "Dev loss against steps",
      origin,
    }),
    warnings: warningsFigure(first, { title: "What rises before the loss does?", origin }),
    map: divergenceMap(map, { title: "Where does training diverge?", origin }),
    time: timeFigure(
      [16, 64, 256, 1024, 4096].map((tokens) => ({
        tokens,
        fastForwardMs: 0.02 + tokens / 900,
        reconstructionMs: 1.4 + tokens / 300,
      })),
      { title: "Fast forward against reconstruction, hidden size 4096", origin },
    ),
    matrices: matricesFigure(
      [1, 3].map((rank) => {
        const entry = (_: unknown, at: number): number => rank * Math.sin(at * at + rank);
        return { name: `rank ${rank} & <more>`, matrix: matrix(8, 96, Array.from({ length: 768 }, entry)) };
      }),
      { title: "Two matrices on one scale", entry: "entry of z", origin },
    ),
    parameters: parameterCountFigure(
      [
        { model: "RoBERTa-large", adapter: "tensor train, rank 5", parameters: 136_704 },
        { model: "RoBERTa-large", adapter: "LoRA, rank 8", parameters: 786_432 },
        { model: "RoBERTa-large", adapter: "all weights", parameters: 355_359_744 },
        { model: "Llama-2-7B", adapter: "tensor train, rank 5", parameters: 610_560 },
        { model: "Llama-2-7B", adapter: "LoRA, rank 8", parameters: 4_194_304 },
        { model: "Llama-2-7B", adapter: "all weights", parameters: 6_738_415_616 },
      ],
      { title: "Trainable parameters" },
    ),
    initialScale: initialScaleFigure(
      [384, 576, 1024, 2048, 4096].flatMap((hiddenSize) => [
        { name: "s = 1 (the paper's)", hiddenSize, relativeOutput: 30 / Math.sqrt(hiddenSize) },
        { name: "s = 0.3", hiddenSize, relativeOutput: 9 / Math.sqrt(hiddenSize) },
      ]),
      { title: "A fresh adapter is loud where the model is narrow", origin },
    ),
  };
}
