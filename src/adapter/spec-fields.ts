import { fail } from "../check/check";
import { kindsInWords } from "../check/kinds";
import { knownOptions } from "../check/known-options";
import type { AdapterSpec } from "./adapter";

type FieldsOf<Kind extends AdapterSpec["kind"]> = Readonly<
  Record<keyof Omit<Extract<AdapterSpec, { readonly kind: Kind }>, "kind">, true>
>;

const seated = { placement: true, layers: true } as const;
const targeted = { rank: true, alpha: true, targets: true, layers: true } as const;

/** The fields of each kind beside `kind`; the compiler holds them to the types. */
const FIELDS: { readonly [Kind in AdapterSpec["kind"]]: FieldsOf<Kind> } = {
  "tensor-train": { ...seated, rank: true, bottleneck: true, scale: true, modes: true, biases: true },
  bottleneck: { ...seated, bottleneck: true, activation: true, scale: true, up: true },
  lora: { ...targeted, head: true },
  "lora-xs": targeted,
  "tt-lora": { ...targeted, trainRank: true },
  "tt-core": { ...targeted, inner: true },
  linear: { ...seated, rank: true, scale: true },
  prefix: { tokens: true, deviation: true, layers: true },
  side: { width: true, aggregation: true, form: true, features: true, skip: true },
  full: { layers: true, parts: true, factors: true },
  none: {},
};

/**
 * Checks that a specification is of a known kind and has that kind's fields alone: one that is misspelt would be left out without a word.
 * @throws naming the field, and those that are spelled most like it
 * @example checkSpecFields({ kind: "linear", placement: "roberta", rank: 8 }).kind // "linear"
 */
export function checkSpecFields<Spec extends AdapterSpec>(spec: Spec): Spec {
  if (typeof spec !== "object" || spec === null) fail("adapter", "an object with a kind", spec);
  if (!Object.hasOwn(FIELDS, spec.kind)) fail("adapter.kind", kindsInWords(FIELDS), spec.kind);
  const { kind, ...own } = spec;
  knownOptions(`adapter ${kind}`, own, Object.keys(FIELDS[kind]), "the fields");
  return spec;
}
