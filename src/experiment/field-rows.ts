import type { AdapterSpec } from "../adapter/adapter";
import { recipeOptions } from "../optimizer/recipe-options";
import { method } from "../optimizer/recipes";
import type { RecipeName, RecipeOptions } from "../optimizer/recipes";
import type { Schedule } from "../schedule/schedule";
import type { ArmRow, RowSettings, TrainedRow } from "./arm-row";
import { lora, scheduled, scheduledPasses, tensorTrain } from "./arm-parts";

/** Steps that MeZO makes of the field's forward passes, for the one method that must know beforehand. */
const STEPS = 240;
/** Steps that a low-rank basis is kept for where the source keeps it for a twentieth of its steps or longer. */
const KEPT = 50;

/**
 * The zeroth-order field on LoRA, as many forward passes for each: what its papers compose, at laptop scale; the same on all of the model's
 * weights but its embeddings where a method was made for them (a table of two rows has no basis of rank 8); and families with AdaZeta's schedule
 * in the place of their own number of queries.
 * Departs: ZO-Muon's rank is LoRA's 8 (64 in the source, for OPT-13B); SubZero's basis and ZO-Muon's are kept for 50 steps (1000 of 20,000, and 100, in
 * the sources); ZO-AdaMU's warm-up is a twentieth of the run as there; FZOO's schedule has alpha 2, since a spread needs two losses ahead.
 * Source: as each recipe says.
 */
export const fieldRows = [
  line("adazeta-passes", "AdaZeta", { make: scheduled, adapter: tensorTrain }),
  line("lora-schedule-passes", "MeZO + schedule", { make: scheduled }),
  line("rate-decay", "rate decay instead of queries", { make: decayed }),
  line("tt-rate-decay", "rate decay instead of more queries", { make: decayed, adapter: tensorTrain }),
  named("zo-momentum", "ZO-SGD, momentum", {}),
  named("zo-sign", "ZO-SGD, sign", {}),
  named("zo-adam", "ZO-Adam", {}),
  named("conservative", "ZO-SGD, conservative", {}),
  named("forward-gradient", "forward gradient", {}),
  named("zo-blockwise", "ZO-SGD, block-wise", {}),
  named("zo-sparse", "ZO-SGD, sparse", {}),
  named("sparse-mezo", "Sparse-MeZO", {}),
  named("hizoo", "HiZOO", {}),
  named("fzoo", "FZOO", {}),
  named("zo-adamu", "ZO-AdaMU", { steps: STEPS, warmUp: STEPS / 20 }),
  named("quzo", "QuZO", {}),
  named("tezo", "TeZO", {}),
  named("tezo-m", "TeZO-m", {}),
  named("tezo-adam", "TeZO-Adam", {}),
  named("zo-muon", "ZO-Muon", { redraw: KEPT, rank: 8 }),
  named("mezo-gv", "MeZO-GV", {}),
  named("mezo-greedy", "MeZO-Greedy", {}),
  named("mezo-svrg", "MeZO-SVRG", {}),
  named("dizo", "DiZO", {}),
  named("adamezo", "AdaMeZO", {}),
  named("extrapolated", "extrapolated ZO", {}),
  named("zo-align", "ZO-Align", {}),
  named("es", "ES at scale", {}),
  named("eggroll", "EGGROLL", {}),
  withSchedule("lozo", "LOZO", {}),
  withSchedule("subzero", "SubZero", { redraw: KEPT, reshape: true }),
  withSchedule("hizoo", "HiZOO", {}),
  withSchedule("zo-momentum", "ZO-SGD, momentum", {}),
  withSchedule("zo-adam", "ZO-Adam", {}),
  withSchedule("fzoo", "FZOO", {}, 2),
  whole("mezo-full", "MeZO", {}),
  whole("lozo", "LOZO", {}, 2),
  whole("subzero", "SubZero", { redraw: KEPT }, 8),
  whole("tezo", "TeZO", {}, 8),
  whole("eggroll", "EGGROLL", {}, 4),
  whole("zo-muon", "ZO-Muon", { redraw: KEPT, rank: 8 }, 8),
] as const satisfies readonly ArmRow[];

interface Parts {
  readonly make: TrainedRow["method"];
  readonly adapter?: TrainedRow["adapter"];
}

type Line<Id extends string> = TrainedRow & { readonly id: Id };

function line<Id extends string>(id: Id, title: string, { make, adapter = lora }: Parts): Line<Id> {
  return { id, title, adapter, method: make, budget: scheduledPasses };
}

/** Gives what a named method takes of what all of them share: those with rounds of calls of their own have no chunk. */
function taken(name: RecipeName, common: RowSettings["common"]): object {
  const known = recipeOptions(name);
  return Object.fromEntries(Object.entries(common).filter(([option]) => known.includes(option)));
}

/** Makes a line of a named method with what it takes of what all share. */
function named<Name extends RecipeName>(name: Name, title: string, options: RecipeOptions<Name>): Line<Name> {
  return line(name, title, { make: ({ common }) => method(name, { ...taken(name, common), ...options }) });
}

/** @param factors columns that a step's directions take, where they are outer products: they are never formed */
function whole<Name extends RecipeName>(
  name: Name,
  title: string,
  options: RecipeOptions<Name>,
  factors?: number,
): Line<`${Name}-all-weights`> {
  const parts = ["matrices", "biases", "norms"] as const;
  const adapter = (): AdapterSpec => ({
    kind: "full",
    layers: "all",
    parts,
    ...(factors !== undefined && { factors }),
  });
  const { method: make } = named(name, title, options);
  return line(`${name}-all-weights`, `${title}, all weights`, { make, adapter });
}

function withSchedule<Name extends RecipeName>(
  name: Name,
  title: string,
  options: RecipeOptions<Name>,
  multiplier?: number,
): Line<`${Name}-schedule`> {
  const make = (settings: RowSettings) => {
    const queries: Schedule = { ...settings.schedule, ...(multiplier !== undefined && { multiplier }) };
    return method(name, { ...taken(name, settings.common), ...options, queries });
  };
  return line(`${name}-schedule`, `${title} + schedule`, { make });
}

function decayed({ common, schedule: { multiplier, exponent, cap } }: RowSettings) {
  return method("rate-decay", { ...common, multiplier, exponent, cap });
}
