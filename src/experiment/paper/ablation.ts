import type { AdapterSpec, TensorTrainSpec } from "../../adapter/adapter";
import { mezo } from "../../optimizer/recipes";
import { arm } from "../arm";
import type { Arm as TrainedArm, StudySettings } from "../arm";
import type { Arm, Grid, Part } from "../cells";
import { studies, studySettings } from "../divergence";
import type { StudyChanges } from "../divergence";
import type { Scale } from "../options";
import type { PlannedRun } from "../plan";
import { fullSettings, llama } from "./full";
import { shortName } from "./paper-arm";
import { small } from "./small";
import { workOf } from "./table-part";
import type { TablePart } from "./table-part";

/** One change of AdaZeta, and nothing else. */
interface Change {
  readonly name: string;
  /** Of the schedule. */
  readonly schedule?: Pick<StudyChanges, "alpha" | "beta" | "cap">;
  readonly tensorTrain?: Partial<TensorTrainSpec>;
  /** A constant number of queries at AdaZeta's forward passes. */
  readonly queries?: number;
  /** One query, so many times the texts. */
  readonly batch?: number;
  /** Adapters in the upper half of the model's layers alone. */
  readonly upperHalf?: true;
}

/**
 * What is changed, one thing at a time: alpha, beta and cap of the schedule, constant queries at the schedule's forward passes, a larger
 * batch instead of more queries, and the tensor train's rank, bottleneck, scale at the start, biases and places.
 * Source: the rank's row is LoRETTA's ablation (r = 2, 5, 10, 20); which rows AdaZeta's own ablation has was not found, the others are ours.
 */
const CHANGES: readonly Change[] = [
  ...[1, 2, 4, 8].map((queries) => ({ name: `constant Q ${queries}`, queries })),
  { name: "batch x4, one query", batch: 4 },
  ...[0.5, 3].map((alpha) => ({ name: `alpha ${alpha}`, schedule: { alpha } })),
  ...[0.4, 1.1].map((beta) => ({ name: `beta ${beta}`, schedule: { beta } })),
  ...[2, 16].map((cap) => ({ name: `cap ${cap}`, schedule: { cap } })),
  ...[2, 20].map((rank) => ({ name: `rank ${rank}`, tensorTrain: { rank } })),
  { name: "bottleneck 16", tensorTrain: { bottleneck: 16 } },
  { name: "initial scale 0.1", tensorTrain: { scale: 0.1 } },
  { name: "no biases", tensorTrain: { biases: false } },
  { name: "upper half of the layers", upperHalf: true },
];
/** What everything is compared with; its runs on a small model are the study's. */
const UNCHANGED: Change = { name: "AdaZeta" };

/** Gives the ablation: tiny on TREC with MiniLM, AdaZeta on three draws and each change on one; full on SST-2 with Llama-2-7B. */
export function ablation(scale: Scale): Grid<PlannedRun> {
  return { name: "ablation", stages: [scale === "tiny" ? tinyParts() : [fullPart()]] };
}

function tinyParts(): readonly Part<PlannedRun>[] {
  const { minilm } = small;
  const { model, problem, task } = studies[minilm.study];
  const table: Table = {
    model,
    layers: 6,
    task,
    problem,
    evaluateEvery: 20,
    threads: 1,
    work: minilm.work(11),
    study: minilm.study,
    settings: (rate, { schedule }, train) =>
      studySettings(minilm.study, rate, { ...schedule, ...(train !== undefined && { train }) }),
  };
  const changed = CHANGES.map((change) => armOf(table, change));
  return [
    { task, seeds: [0, 1, 2], learningRates: [3e-3, 1e-2], arms: [armOf(table, UNCHANGED)] },
    { task, seeds: [0], learningRates: [3e-3], arms: changed },
  ];
}

function fullPart(): Part<PlannedRun> {
  const problem = {
    batchSize: llama.batchSize,
    train: 1000,
    dev: 500,
    test: 1000,
    cutTo: 2048,
    protocol: "thousand",
  } as const;
  const at = fullSettings(llama, 1000);
  const table: Table = {
    model: "llama-2-7b",
    layers: 32,
    task: "sst2",
    problem,
    evaluateEvery: llama.evaluateEvery,
    threads: 0,
    work: { perToken: 13_200, tokens: 25 },
    settings(rate, { schedule: { alpha, beta, cap } = {} }, train) {
      const settings = at(rate, train);
      const { schedule } = settings;
      const changed = {
        ...schedule,
        multiplier: alpha ?? schedule.multiplier,
        exponent: beta ?? schedule.exponent,
        cap: cap ?? schedule.cap,
      };
      return { ...settings, schedule: changed };
    },
  };
  // A matrix of another bottleneck has other modes than the paper's.
  return {
    task: "sst2",
    seeds: [0],
    learningRates: [1e-4],
    arms: [UNCHANGED, ...CHANGES].map((change) => armOf(table, change)),
  };
}

interface Table extends Pick<TablePart, "model" | "task" | "problem" | "evaluateEvery" | "threads" | "work" | "study"> {
  /** Of the model. */
  readonly layers: number;
  readonly settings: (learningRate: number, change: Change, train?: number) => StudySettings;
}

function armOf(table: Table, change: Change): Arm<PlannedRun> {
  const { model, task, problem, evaluateEvery, threads, study } = table;
  const at = (learningRate: number, train?: number): TrainedArm =>
    changedArm(table.settings(learningRate, change, train), change, table.layers);
  // AdaZeta itself is a run of the study.
  const known = study !== undefined && change.name === "AdaZeta";
  return {
    name: shortName(change.name),
    cost: workOf(at(1), table),
    settings: (seed, learningRate, train) => ({
      ...(known && { study }),
      model,
      task,
      problem,
      arm: at(learningRate, train),
      seed,
      evaluateEvery,
      threads,
    }),
  };
}

function changedArm(
  settings: StudySettings,
  { name, tensorTrain, upperHalf, queries, batch = 1 }: Change,
  layers: number,
): TrainedArm {
  const changes = upperHalf ? { layers: { from: layers / 2 } } : tensorTrain;
  const made = arm("AdaZeta", { ...settings, tensorTrain: changedTrain(settings.tensorTrain, changes) });
  if (queries === undefined && batch === 1) return { ...made, name };
  const { learningRate, perturbationScale, chunk, scheduledPasses, batchSize, weightDecay = 0 } = settings;
  const method = mezo({ learningRate, perturbationScale, chunk, weightDecay, queries: queries ?? 1 });
  if (batch > 1) return { ...made, name, method, batchSize: batch * batchSize };
  return { ...made, name, method, budget: { kind: "forward-passes", forwardPasses: scheduledPasses } };
}

function changedTrain(spec: AdapterSpec, changes: Partial<TensorTrainSpec> = {}): AdapterSpec {
  if (spec.kind !== "tensor-train") return spec;
  const other = changes.bottleneck !== undefined && changes.bottleneck !== spec.bottleneck;
  return { ...spec, ...changes, ...(other && { modes: null }) };
}
