import type { AdapterSpec, Layers, SideSpec } from "../../adapter/adapter";
import { show } from "../../check/check";
import {
  count,
  either,
  fields,
  flag,
  listOf,
  named,
  nullable,
  oneOf,
  optional,
  positive,
  text,
} from "../../check/fields";
import type { Field, Shape } from "../../check/fields";
import { kindsInWords } from "../../check/kinds";
import { nearestHint } from "../../check/nearest";
import type { Model } from "../../model/model";

const isList = (value: unknown): boolean => Array.isArray(value);

const layers = optional(
  either<Layers>("which layers, counted from 0; all when absent", 'a list of numbers, or {"from": number}', (value) =>
    isList(value) ? listOf("", count("", 0)) : fields("", { from: count("the first of them", 0) }),
  ),
);
const seat = {
  placement: optional(oneOf("where it sits; the model's own when absent", ["llama", "roberta"])),
  bottleneck: optional(count("numbers between its two matrices; default 64")),
  scale: optional(positive("s; default 1")),
  layers,
};
const targets = optional(listOf('sites by their last words, names or patterns; default ["query", "value"]', text("")));
const factored = { rank: optional(count("default 8")), alpha: optional(positive("default 2 rank")), targets, layers };
const splitModes = fields("", { inputs: listOf("", count("")), outputs: listOf("", count("")) });

/** The fields of each kind of adapter, beside its `kind`. */
export const adapterFields = {
  "tensor-train": {
    ...seat,
    rank: optional(count("TT rank; default 5")),
    modes: optional(nullable(named("modes of down and up; null lets the planner choose", splitModes))),
    biases: optional(flag("dense biases; default true")),
  },
  bottleneck: {
    ...seat,
    activation: optional(oneOf("default relu", ["relu", "gelu", "silu", "tanh"])),
    up: optional(oneOf("how Up starts; default zero", ["zero", "small"])),
  },
  lora: {
    ...factored,
    head: optional(
      either<"label words" | readonly number[]>(
        "trains the head at these tokens besides",
        '"label words", or token ids',
        (value) => (isList(value) ? listOf("", count("", 0)) : oneOf("", ["label words"])),
      ),
    ),
  },
  "lora-xs": factored,
  "tt-lora": { ...factored, trainRank: optional(count("rank between the cores of both trains; default 5")) },
  "tt-core": {
    ...factored,
    inner: optional(count("modes of the trained core; default 2")),
    rank: optional(count("of the frozen outer cores; default 4")),
  },
  linear: {
    placement: seat.placement,
    rank: optional(
      either<"full" | number>('of its map; default "full"', '"full", or a rank below the width', (value) =>
        typeof value === "string" ? oneOf("", ["full"]) : count(""),
      ),
    ),
    scale: optional(positive("where the learned factor starts; default 0.1")),
    layers,
  },
  prefix: {
    tokens: optional(count("default 5")),
    deviation: optional(positive("of the starting values; default 0.02")),
    layers,
  },
  side: {
    width: optional(count("numbers of each of its features; default 48")),
    aggregation: optional(oneOf("default anti-redundancy", ["anti-redundancy", "mean"])),
    form: optional(oneOf("as SHERL has it for T5 or for BERT; default norm", ["gated", "norm"])),
    features: optional(
      either<NonNullable<SideSpec["features"]>>(
        "places of hidden states, 0 the embeddings; all when absent",
        'a list of numbers, or {"apart": number}',
        (value) =>
          isList(value)
            ? listOf("", count("", 0))
            : fields("", { apart: count("so many layers apart, from the embeddings on") }),
      ),
    ),
    skip: optional(oneOf("default gate", ["gate", "whole"])),
  },
  full: {
    layers: optional(
      either<"all" | Layers>("default all", '"all", a list of numbers, or {"from": number}', (value) =>
        typeof value === "string" ? oneOf("", ["all"]) : (layers as Field<Layers>),
      ),
    ),
    parts: optional(listOf("only weights of these kinds", oneOf("", ["matrices", "biases", "norms", "embeddings"]))),
    factors: optional(count("columns of the two factors that each matrix's change is kept in; none when absent")),
  },
} as const satisfies Readonly<Record<Exclude<AdapterSpec["kind"], "none">, Shape>>;

type Kind = keyof typeof adapterFields;

/** What a settings file says of an adapter: its kind, and what is not as it is by default. */
export interface AdapterChoice {
  readonly kind: Kind;
  readonly [option: string]: unknown;
}

/** The field of an adapter. */
export const adapterField: Field<AdapterChoice> = {
  about: `what is trained; default {"kind": "tensor-train"}`,
  holds: "an object with a kind and its settings",
  forms: Object.fromEntries(Object.entries(adapterFields).map(([kind, shape]) => [`{"kind": "${kind}"}`, shape])),
  read(where, value, complain) {
    const { kind } = (typeof value === "object" && value !== null ? value : {}) as { readonly kind?: unknown };
    if (typeof kind === "string" && Object.hasOwn(adapterFields, kind)) {
      const shape: Shape = { kind: text("which adapter"), ...adapterFields[kind as Kind] };
      return fields("", shape).read(where, value, complain) as unknown as AdapterChoice;
    }
    const hint = typeof kind === "string" ? nearestHint(kind, Object.keys(adapterFields)) : "";
    complain(`${where}.kind: expected ${kindsInWords(adapterFields)}${hint}, got ${show(kind)}`);
    return { kind: "tensor-train" };
  },
};

/**
 * Gives the adapter that a settings file chose, with what it left open: a tensor train of rank 5 unless it says another.
 * @example adapterChosen({ kind: "lora" }, { placement: "llama" }) // { kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] }
 */
export function adapterChosen({ kind, ...said }: AdapterChoice, { placement }: Pick<Model, "placement">): AdapterSpec {
  const linear = { rank: 8, alpha: 2 * ((said["rank"] as number | undefined) ?? 8), targets: ["query", "value"] };
  const standard: Readonly<Record<Kind, object>> = {
    "tensor-train": { placement, rank: 5, bottleneck: 64, scale: 1, modes: null },
    bottleneck: { placement, bottleneck: 64, activation: "relu", scale: 1 },
    lora: linear,
    "lora-xs": linear,
    "tt-lora": { ...linear, trainRank: 5 },
    "tt-core": { ...linear, rank: 4, inner: 2, alpha: 16 },
    linear: { placement, rank: "full" },
    prefix: { tokens: 5 },
    side: { width: 48, aggregation: "anti-redundancy", form: "norm" },
    full: { layers: "all" },
  };
  // With biases is how it is without a word.
  const rest = Object.entries(said).filter(([name, value]) => !(name === "biases" && value === true));
  return { kind, ...standard[kind], ...Object.fromEntries(rest) } as AdapterSpec;
}
