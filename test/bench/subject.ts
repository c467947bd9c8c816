import { makeAdapter } from "../../src/adapter/make-adapter";
import type { Adapter, AdapterSpec } from "../../src/adapter/adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import type { OnnxOptions, OnnxSession } from "../../src/engine/onnx/session";
import type { LoadedModel } from "../../src/engine/load-model";
import type { Objective } from "../../src/estimator/objective";
import { createWorkspace } from "../../src/estimator/workspace";
import { withReadout } from "../../src/experiment/problem";
import type { Problem } from "../../src/experiment/problem";
import { environment } from "../../src/notebook/environment";
import { openModel, openProblem, openTask } from "../../src/notebook/open";
import { mezo } from "../../src/optimizer/recipes";
import type { MezoOptions } from "../../src/optimizer/recipes";
import { step } from "../../src/optimizer/step";
import { classifierObjective } from "../../src/task/classifier";
import type { LabelledBatch } from "../../src/task/classifier";
import { locateModel } from "../../src/weights/locate-model";

export const THREADS = 2;

/** Tensor-train adapters before gate and up and after down, as the paper places them in Llama; scale for this hidden size. */
export const llamaTrain = {
  kind: "tensor-train",
  placement: "llama",
  rank: 5,
  bottleneck: 64,
  scale: 0.3,
  modes: null,
} as const satisfies AdapterSpec;
export const bertTrain = { ...llamaTrain, placement: "roberta", scale: 1 } as const satisfies AdapterSpec;
export const lora: AdapterSpec = { kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] };

/** Where a real model's weights are. */
export type LocatedModel = Extract<ReturnType<typeof locateModel>, { readonly kind: "here" }>["files"];

/** @throws when the model's package is not here */
export function modelFiles(name: "minilm" | "smollm2"): LocatedModel {
  const located = locateModel(name, environment().modelFolders);
  if (located.kind !== "here") throw new Error(located.reason);
  return located.files;
}

/** A model with its task's batches. */
export interface Texts {
  readonly loaded: LoadedModel;
  readonly problem: Problem;
  batch(round: number): LabelledBatch;
}

/** SmolLM2 on SST-2 at the distribution's own lengths: "phrases" (GLUE) or whole "sentences". */
export async function smollm2Texts(variant: "phrases" | "sentences", batchSize: number): Promise<Texts> {
  const task = await openTask("sst2", { variant });
  if (task.origin.kind === "samples") throw new Error(`bench: expected SST-2, got ${task.origin.description}`);
  return texts(await openModel("smollm2"), task, batchSize, 200);
}

/** MiniLM on TREC's questions. */
export async function minilmTexts(batchSize: number): Promise<Texts> {
  return texts(await openModel("minilm"), await openTask("trec"), batchSize, 12);
}

async function texts(
  loaded: LoadedModel,
  task: Awaited<ReturnType<typeof openTask>>,
  batchSize: number,
  maxTokens: number,
): Promise<Texts> {
  const options = { seed: 0, batchSize, train: 32 * batchSize, dev: 8, test: 8, maxTokens };
  const problem = withReadout(await openProblem(loaded, task, options));
  const batches = problem.batches();
  return { loaded, problem, batch: (round) => batches.at(round) };
}

/** What a step needs of a model and its task. */
export interface Subject {
  readonly loaded: Pick<LoadedModel, "model">;
  readonly problem: Pick<Problem, "readout">;
}

/** An adapter open on the engine, ready to take steps. */
export interface Stepper {
  readonly adapter: Adapter;
  readonly session: OnnxSession;
  readonly objective: Objective<LabelledBatch>;
  /** One step from the starting point, update included; returns its milliseconds. */
  step(options: MezoOptions, batch: LabelledBatch, index?: number): Promise<number>;
}

export async function openStepper(
  { loaded, problem }: Subject,
  spec: AdapterSpec,
  options: OnnxOptions = {},
): Promise<Stepper> {
  const adapter = makeAdapter(spec, loaded.model);
  const session = await onnxSession(loaded.model, adapter, { threads: THREADS, ...options });
  const objective = classifierObjective(session, problem.readout);
  const { layout } = adapter;
  const workspace = createWorkspace(layout.size);
  const point = adapter.initial(0);
  return {
    adapter,
    session,
    objective,
    async step(how, batch, index = 0) {
      const method = mezo({ learningRate: 1e-3, ...how });
      const started = performance.now();
      await step(method, objective, point, { seed: 0, step: index, epoch: 0, layout, batch, workspace });
      return performance.now() - started;
    },
  };
}

/** Tokens of a batch without padding, and padded to its longest text. */
export function tokenCounts({ input: { ids } }: LabelledBatch): { readonly packed: number; readonly padded: number } {
  const lengths = ids.map(({ length }) => length);
  return { packed: lengths.reduce((a, b) => a + b, 0), padded: ids.length * Math.max(...lengths) };
}
