import type { ArmId } from "./arms";
import type { searchRows } from "./search-rows";

/** An arm that may be chosen. */
export type Candidate = (typeof searchRows)[number]["id"];

/**
 * For each candidate the arms that are without one of its parts, by the part: the small core between frozen factors gives way to LoRA, many exact
 * derivatives to one query of two losses, and what was added to the plain mean at a constant rate is left away. What it starts from is away in the
 * same arm from the model's own start.
 */
export const WITHOUT: Readonly<Record<Candidate, Readonly<Record<string, ArmId>>>> = {
  "xs-one": { adapter: "mezo-lora" },
  "core-one": { adapter: "mezo-lora" },
  "tt-lora-one": { adapter: "mezo-lora" },
  "xs-15": { adapter: "lora-15", queries: "xs-one" },
  "core-15": { adapter: "lora-15", queries: "core-one" },
  "tt-lora-15": { adapter: "lora-15", queries: "tt-lora-one" },
  "lora-15": { queries: "mezo-lora" },
  "xs-31": { adapter: "lora-15", queries: "xs-one" },
  "xs-one-decay": { adapter: "mezo-lora", decay: "xs-one" },
  "xs-15-decay": { adapter: "lora-15", queries: "xs-one-decay", decay: "xs-15" },
  "xs-15-spread": { adapter: "lora-15", queries: "xs-one", spread: "xs-15" },
  "xs-15-spread-decay": { adapter: "lora-15", queries: "xs-one-decay", spread: "xs-15-decay", decay: "xs-15-spread" },
  "core-15-spread": { adapter: "lora-15", queries: "core-one", spread: "core-15" },
  "xs-15-scales": { adapter: "lora-15", queries: "xs-one", scales: "xs-15" },
  "xs-15-row-scales": { adapter: "lora-15", queries: "xs-one", scales: "xs-15" },
  "xs-15-momentum": { adapter: "lora-15", queries: "xs-one", momentum: "xs-15" },
};
