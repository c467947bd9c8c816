import type { AdapterSpec, TensorTrainSpec } from "../adapter/adapter";
import { fail } from "../check/check";
import { mezo } from "../optimizer/recipes";
import { oneQuery, scheduled, scheduledPasses, tensorTrain } from "./arm-parts";
import type { ArmRow, Look, RowSettings, TrainedRow } from "./arm-row";

/**
 * AdaZeta with one thing changed, and nothing else: alpha, beta and cap of the schedule, constant queries at the schedule's forward passes, a larger
 * batch instead of more queries, and the tensor train's rank, bottleneck, scale at the start, biases and places.
 * Source: the rank's rows are LoRETTA's ablation (r = 2, 5, 10, 20); which rows AdaZeta's own ablation has was not found, the others are ours.
 */
export const changedRows = [
  constant(1, { color: "sky", dash: "solid" }),
  constant(2, { color: "black", dash: "solid" }),
  constant(4, { color: "purple", dash: "dash" }),
  constant(8, { color: "black", dash: "solid" }),
  {
    id: "batch-x4-one-query",
    title: "batch x4, one query",
    recordedAs: "batch x4, one query",
    look: { color: "purple", dash: "dash" },
    adapter: tensorTrain,
    method: oneQuery,
    batchFactor: 4,
  },
  ofSchedule("alpha-0.5", "alpha 0.5", { color: "green", dash: "dash" }, { multiplier: 0.5 }),
  ofSchedule("alpha-3", "alpha 3", { color: "sky", dash: "solid" }, { multiplier: 3 }),
  ofSchedule("beta-0.4", "beta 0.4", { color: "orange", dash: "dash" }, { exponent: 0.4 }),
  ofSchedule("beta-1.1", "beta 1.1", { color: "purple", dash: "dash" }, { exponent: 1.1 }),
  ofSchedule("cap-2", "cap 2", { color: "grey", dash: "solid" }, { cap: 2 }),
  ofSchedule("cap-16", "cap 16", { color: "purple", dash: "dash" }, { cap: 16 }),
  ofTrain("rank-2", "rank 2", { color: "grey", dash: "solid" }, () => ({ rank: 2 })),
  ofTrain("rank-20", "rank 20", { color: "orange", dash: "dash" }, () => ({ rank: 20 })),
  ofTrain("bottleneck-16", "bottleneck 16", { color: "black", dash: "solid" }, () => ({ bottleneck: 16 })),
  ofTrain("initial-scale-0.1", "initial scale 0.1", { color: "orange", dash: "dash" }, () => ({ scale: 0.1 })),
  ofTrain("no-biases", "no biases", { color: "green", dash: "dash" }, () => ({ biases: false })),
  ofTrain("upper-half-of-the-layers", "upper half of the layers", { color: "sky", dash: "solid" }, ({ layers }) => ({
    layers: { from: (layers ?? fail("settings.layers", "the model's number of layers", "none")) / 2 },
  })),
] as const satisfies readonly ArmRow[];

/** A row that was recorded by its title. */
export interface ChangedRow<Id extends string, Title extends string> extends TrainedRow {
  readonly id: Id;
  readonly title: Title;
  readonly recordedAs: Title;
}

/** A constant number of queries at AdaZeta's forward passes. */
function constant<Q extends number>(queries: Q, look: Look): ChangedRow<`constant-q-${Q}`, `constant Q ${Q}`> {
  return {
    id: `constant-q-${queries}`,
    title: `constant Q ${queries}`,
    recordedAs: `constant Q ${queries}`,
    look,
    adapter: tensorTrain,
    method: ({ common }) => mezo({ ...common, queries }),
    budget: scheduledPasses,
  };
}

function ofSchedule<Id extends string, Title extends string>(
  id: Id,
  title: Title,
  look: Look,
  change: Partial<RowSettings["schedule"]>,
): ChangedRow<Id, Title> {
  return {
    id,
    title,
    recordedAs: title,
    look,
    adapter: tensorTrain,
    method: (settings) => scheduled({ ...settings, schedule: { ...settings.schedule, ...change } }),
  };
}

function ofTrain<Id extends string, Title extends string>(
  id: Id,
  title: Title,
  look: Look,
  change: (settings: RowSettings) => Partial<TensorTrainSpec>,
): ChangedRow<Id, Title> {
  return {
    id,
    title,
    recordedAs: title,
    look,
    adapter: (settings) => changedTrain(settings.tensorTrain, change(settings)),
    method: scheduled,
  };
}

/** A matrix of another bottleneck has other modes than the ones that were given. */
function changedTrain(spec: AdapterSpec, change: Partial<TensorTrainSpec>): AdapterSpec {
  if (spec.kind !== "tensor-train") return fail("settings.tensorTrain", "a tensor train", spec.kind);
  const other = change.bottleneck !== undefined && change.bottleneck !== spec.bottleneck;
  return { ...spec, ...change, ...(other && { modes: null }) };
}
