import type { AdapterSpec } from "../adapter/adapter";
import type { ExtrapolatedGradients } from "../estimator/probes/extrapolated-gradients";
import { checkMethod, type Method } from "../optimizer/method";
import { firstOrder, mezo } from "../optimizer/recipes";
import { extrapolatedSgd } from "../optimizer/recipes/extrapolated-sgd";
import { lamb } from "../optimizer/recipes/lamb";
import { scala } from "../optimizer/recipes/scala";
import type { Schedule } from "../schedule/schedule";
import { lora } from "./arm-parts";
import type { ArmRow, TrainedRow } from "./arm-row";

/** Texts of a pass of the arms by one chain (`parts`), whatever their batch: passes of all of them are alike. */
export const PASS_TEXTS = 16;
/** Micro-batches of a batch whose workers extrapolate. */
export const WORKERS = 8;

/** How far inputs are moved: about a seventeenth of the length of the word vectors of ten of MiniLM's tokens together. */
const RADIUS = 0.2;

/**
 * Large batches on the last two of MiniLM's layers, with as many texts for each: AdamW, LAMB, and LAMB at moved inputs, in batches of 512 against AdamW
 * in batches of 16; SGD with momentum and its extrapolations by 8 workers in batches of 64, 256 and 1024, at rates in proportion to the batch; MeZO on
 * LoRA in batches of 16, 256 and 1024. The rates of exact gradients warm up over a sixth of the steps.
 * Source: the arms are those that ScaLA, arXiv 2201.12469, and extrapolated SGD, arXiv 2006.05720, say that they compare, as far as it was found; sizes,
 *   radius and delay are ours.
 */
export const largeBatchRows = [
  exactly("large-adamw-16", "AdamW, batch 16", 1, (rate, common) => firstOrder({ ...common, learningRate: rate })),
  exactly("large-adamw-512", "AdamW, batch 512", 32, (rate, common) => firstOrder({ ...common, learningRate: rate })),
  exactly("large-lamb-512", "LAMB, batch 512", 32, (rate, common) => lamb({ ...common, learningRate: rate })),
  exactly("large-lamb-random-512", "LAMB, inputs moved at random", 32, (rate, common) =>
    scala({ ...common, learningRate: rate, player: "random", radius: RADIUS }),
  ),
  exactly("large-lamb-adversary-512", "LAMB, inputs moved uphill", 32, (rate, common) =>
    scala({ ...common, learningRate: rate, radius: RADIUS }),
  ),
  exactly("large-lamb-late-512", "LAMB, inputs moved uphill after a third", 32, (rate, { steps, ...common }) =>
    scala({ ...common, learningRate: rate, radius: RADIUS, from: Math.floor(steps / 3) }),
  ),
  ...extrapolations(64),
  ...extrapolations(256),
  ...extrapolations(1024),
  zeroth("large-mezo-16", "MeZO-LoRA, batch 16", 1),
  zeroth("large-mezo-256", "MeZO-LoRA, batch 256", 16),
  zeroth("large-mezo-1024", "MeZO-LoRA, batch 1024", 64),
] as const satisfies readonly ArmRow[];

/** Gives the texts of a pass of an arm: one worker's, or as many for all others by exact gradients; MeZO's passes take a whole batch. */
export function textsOfPass({
  batchSize,
  method: { probe },
}: {
  readonly batchSize: number;
  readonly method: Method;
}): number {
  if (probe === undefined) return batchSize;
  const parts = "workers" in probe ? probe.workers : "parts" in probe ? (probe.parts ?? 1) : 1;
  return batchSize / parts;
}

/** What a row's method is made with beside its rate. */
interface Common {
  readonly parts: number;
  readonly steps: number;
  readonly name: string;
}

type Row<Id extends string> = TrainedRow & { readonly id: Id };

function exactly<Id extends string>(
  id: Id,
  title: string,
  batchFactor: number,
  make: (rate: Schedule, common: Common) => Method,
): Row<Id> {
  return {
    id,
    title,
    batchFactor,
    adapter: lastLayers,
    method({ learningRate, steps: most, batchSize }) {
      const steps = Math.max(1, Math.floor(most / batchFactor));
      const parts = Math.max(1, Math.round((batchFactor * batchSize) / PASS_TEXTS));
      return make(warmedUp(learningRate, steps), { parts, steps, name: id });
    },
    budget: ({ steps }) => ({ kind: "steps", steps: Math.max(1, Math.floor(steps / batchFactor)) }),
  };
}

function extrapolations<Batch extends 64 | 256 | 1024>(batch: Batch) {
  const row = <Id extends string>(
    id: Id,
    words: string,
    direction: ExtrapolatedGradients["direction"] | null,
  ): Row<Id> => ({
    ...exactly(id, `${words}, batch ${batch}`, batch / PASS_TEXTS, (rate, { name }) => {
      const method = extrapolatedSgd({ learningRate: rate, workers: WORKERS, name, ...(direction && { direction }) });
      if (direction !== null) return method;
      return checkMethod({ ...method, probe: { kind: "backpropagation", parts: WORKERS } });
    }),
  });
  return [
    scaled(row(`large-sgd-${batch}`, "SGD with momentum", null), batch),
    scaled(row(`large-own-past-${batch}`, "own past gradients", "own-past"), batch),
    scaled(row(`large-mean-past-${batch}`, "mean past gradient", "mean-past"), batch),
    scaled(row(`large-noise-${batch}`, "noise as long", "noise"), batch),
    scaled(row(`large-extragradient-${batch}`, "extragradient", "extragradient"), batch),
  ] as const;
}

/** Scales a row's rate in proportion to its batch; the rate it is filed under is that of a batch of 64. */
function scaled<R extends TrainedRow>(row: R, batch: number): R {
  return {
    ...row,
    method: (settings) => row.method({ ...settings, learningRate: (settings.learningRate * batch) / 64 }),
  };
}

function zeroth<Id extends string>(id: Id, title: string, batchFactor: number): Row<Id> {
  return {
    id,
    title,
    batchFactor,
    adapter: lora,
    method: ({ common }) => mezo({ ...common, name: id }),
    budget: ({ steps }) => ({ kind: "steps", steps: Math.max(1, Math.floor(steps / 10)) }),
  };
}

function lastLayers(): AdapterSpec {
  return { kind: "full", layers: { from: 4 } };
}

/** A rate that climbs in two stairs: a quarter and a half of it for a twelfth of the steps each. */
function warmedUp(learningRate: number, steps: number): Schedule {
  const stair = Math.max(1, Math.round(steps / 12));
  const changes = [
    { at: stair, value: learningRate / 2 },
    { at: 2 * stair, value: learningRate },
  ];
  return { kind: "steps", initial: learningRate / 4, changes, unit: "step" };
}
