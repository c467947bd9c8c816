import type { AdapterSpec } from "../adapter/adapter";
import { checkMethod } from "../optimizer/method";
import type { Method } from "../optimizer/method";
import { mezo } from "../optimizer/recipes";
import type { Schedule } from "../schedule/schedule";
import { lora, oneQuery, passesRow, smallCore } from "./arm-parts";
import type { ArmRow, RowSettings } from "./arm-row";

/** Passes of a step with 15 exact directional derivatives, for methods that must know their steps beforehand. */
const PASSES = 16;

const TARGETS = ["query", "value"] as const;
const core = (): AdapterSpec => ({ kind: "tt-core", rank: 4, inner: 2, alpha: 16, targets: TARGETS });
const trains = (): AdapterSpec => ({ kind: "tt-lora", rank: 8, alpha: 16, trainRank: 5, targets: TARGETS });

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
  passesRow("xs-one", "LoRA-XS, one query", smallCore, oneQuery),
  passesRow("xs-15", "LoRA-XS, 15 directional", smallCore, (settings) => fifteen(settings)),
  passesRow("core-one", "TT core, one query", core, oneQuery),
  passesRow("core-15", "TT core, 15 directional", core, (settings) => fifteen(settings)),
  passesRow("tt-lora-one", "LoRA of trains, one query", trains, oneQuery),
  passesRow("tt-lora-15", "LoRA of trains, 15 directional", trains, (settings) => fifteen(settings)),
  passesRow("lora-15", "LoRA, 15 directional", lora, (settings) => fifteen(settings)),
  passesRow("xs-31", "LoRA-XS, 31 directional", smallCore, (settings) => directional(31)(settings)),
  passesRow("xs-one-decay", "LoRA-XS, one query, decay", smallCore, ({ common, scheduledPasses: passes }) =>
    mezo({ ...common, learningRate: falling(common.learningRate, passes / 2) }),
  ),
  passesRow("xs-15-decay", "LoRA-XS, 15 directional, decay", smallCore, (settings) => decayed(settings)),
  passesRow("xs-15-spread", "LoRA-XS, 15 directional, spread", smallCore, (settings) => overSpread(fifteen(settings))),
  passesRow("xs-15-spread-decay", "LoRA-XS, 15 directional, spread, decay", smallCore, (settings) =>
    overSpread(decayed(settings)),
  ),
  passesRow("core-15-spread", "TT core, 15 directional, spread", core, (settings) => overSpread(fifteen(settings))),
  passesRow("xs-15-scales", "LoRA-XS, 15 directional, scales of tensors", smallCore, (settings) =>
    scaled(settings, "tensor"),
  ),
  passesRow("xs-15-row-scales", "LoRA-XS, 15 directional, scales of rows", smallCore, (settings) =>
    scaled(settings, "row"),
  ),
  passesRow("xs-15-momentum", "LoRA-XS, 15 directional, momentum", smallCore, (settings) =>
    withFirst(fifteen(settings), { kind: "momentum", decay: 0.9 }),
  ),
] as const satisfies readonly ArmRow[];

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
