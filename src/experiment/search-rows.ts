import type { AdapterSpec } from "../adapter/adapter";
import { checkMethod } from "../optimizer/method";
import type { Method } from "../optimizer/method";
import { mezo } from "../optimizer/recipes";
import type { Schedule } from "../schedule/schedule";
import { lora, scheduledPasses } from "./arm-parts";
import type { ArmRow, RowSettings, TrainedRow } from "./arm-row";

/** Passes of a step with 15 exact directional derivatives, for methods that must know their steps beforehand. */
const PASSES = 16;

const TARGETS = ["query", "value"] as const;
const xs = (): AdapterSpec => ({ kind: "lora-xs", rank: 8, alpha: 16, targets: TARGETS });
const core = (): AdapterSpec => ({ kind: "tt-core", rank: 4, inner: 2, alpha: 16, targets: TARGETS });
const trains = (): AdapterSpec => ({ kind: "tt-lora", rank: 8, alpha: 16, trainRank: 5, targets: TARGETS });

const one = ({ common }: RowSettings): Method => mezo(common);
const directional =
  (queries: number) =>
  (settings: RowSettings, learningRate?: Schedule): Method =>
    mezo({ ...exact(settings), queries, ...(learningRate && { learningRate }) });
const fifteen = directional(15);

/**
 * What is searched for a method that learns most from equal forward passes, beside the field: which small core between which frozen factors, how many
 * numbers, one query of two losses or many exact derivatives of 1 + Q passes, and what earlier queries have shown. Every row is a composition of
 * kinds; which readout it starts from is the grid's. A decayed rate falls in a line to a tenth. Source: ours, of the parts' own sources.
 */
export const searchRows = [
  row("xs-one", "LoRA-XS, one query", xs, one),
  row("xs-15", "LoRA-XS, 15 directional", xs, (settings) => fifteen(settings)),
  row("core-one", "TT core, one query", core, one),
  row("core-15", "TT core, 15 directional", core, (settings) => fifteen(settings)),
  row("tt-lora-one", "LoRA of trains, one query", trains, one),
  row("tt-lora-15", "LoRA of trains, 15 directional", trains, (settings) => fifteen(settings)),
  row("lora-15", "LoRA, 15 directional", lora, (settings) => fifteen(settings)),
  row("xs-31", "LoRA-XS, 31 directional", xs, (settings) => directional(31)(settings)),
  row("xs-one-decay", "LoRA-XS, one query, decay", xs, ({ common, scheduledPasses: passes }) =>
    mezo({ ...common, learningRate: falling(common.learningRate, passes / 2) }),
  ),
  row("xs-15-decay", "LoRA-XS, 15 directional, decay", xs, (settings) => decayed(settings)),
  row("xs-15-spread", "LoRA-XS, 15 directional, spread", xs, (settings) => overSpread(fifteen(settings))),
  row("xs-15-spread-decay", "LoRA-XS, 15 directional, spread, decay", xs, (settings) => overSpread(decayed(settings))),
  row("core-15-spread", "TT core, 15 directional, spread", core, (settings) => overSpread(fifteen(settings))),
  row("xs-15-scales", "LoRA-XS, 15 directional, scales of tensors", xs, (settings) => scaled(settings, "tensor")),
  row("xs-15-row-scales", "LoRA-XS, 15 directional, scales of rows", xs, (settings) => scaled(settings, "row")),
  row("xs-15-momentum", "LoRA-XS, 15 directional, momentum", xs, (settings) =>
    withFirst(fifteen(settings), { kind: "momentum", decay: 0.9 }),
  ),
] as const satisfies readonly ArmRow[];

function row<Id extends string>(
  id: Id,
  title: string,
  adapter: TrainedRow["adapter"],
  method: TrainedRow["method"],
): TrainedRow & { readonly id: Id } {
  return { id, title, adapter, method, budget: scheduledPasses };
}

/** What all rows of exact derivatives share: all of a step's directions in one call, and no epsilon. */
function exact({ common: { learningRate, weightDecay } }: RowSettings): Parameters<typeof mezo>[0] {
  return { learningRate, weightDecay, estimator: "directional" };
}

function decayed(settings: RowSettings): Method {
  return fifteen(settings, falling(settings.common.learningRate, settings.scheduledPasses / PASSES));
}

/** Steps whose length does not depend on the loss's scale: each p over the spread of its step's. */
function overSpread(method: Method): Method {
  return checkMethod({ ...method, combine: { kind: "spread" } });
}

function scaled(settings: RowSettings, each: "tensor" | "row"): Method {
  return withFirst(fifteen(settings), { kind: "learned-scales", each, decay: 0.98 });
}

function withFirst(method: Method, first: Method["transforms"][number]): Method {
  return checkMethod({ ...method, transforms: [first, ...method.transforms] });
}

function falling(rate: number, steps: number): Schedule {
  return { kind: "linear", from: rate, to: rate / 10, over: Math.max(1, Math.floor(steps)), unit: "step" };
}
