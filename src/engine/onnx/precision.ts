import { fail, unreachable } from "../../check/check";
import type { MemoryPrecision } from "../../weights/memory";

/**
 * How frozen products are stored and computed.
 * - fp32
 * - int8, int4, file: fewer bits in memory, **computed in fp32**: another, self-consistent model whose losses are as smooth as fp32's
 * - int8-activations, int4-activations: rows of activations are rounded to 8 bits as well: the loss becomes a staircase
 */
export type Precision = WeightsOnly | RoundedActivations | { readonly kind: "fp32" };

export type WeightsOnly =
  /** One scale per output channel. */
  | { readonly kind: "int8" }
  | ({ readonly kind: "int4" } & BlockOptions)
  /** The file's own blocks (GGUF Q8_0, Q4_0, Q4_1) where it has them, fp32 where it has none. */
  | { readonly kind: "file" };

export type RoundedActivations =
  /** A scale per row of activations; 7 bits of the weights are used where pairs of 8-bit products saturate (AVX2 without VNNI). */
  | { readonly kind: "int8-activations"; readonly weightBits: 7 | 8 }
  /** A scale per block of a row, by the kernel itself. */
  | ({ readonly kind: "int4-activations" } & BlockOptions);

export interface BlockOptions {
  /** Weights of one output channel that share a scale. */
  readonly block: 32 | 64 | 128;
  /** A whole number from 0 to 15 that stands for 0, instead of 8. */
  readonly zeroPoints: boolean;
}

export const FP32: Precision = { kind: "fp32" };

/** Says whether the loss is a smooth function of the trainable parameters, as two-sided differences need. */
export function computesInFp32({ kind }: Precision): boolean {
  return kind !== "int8-activations" && kind !== "int4-activations";
}

/** Gives what a precision means for memory; a file's own blocks are counted as the 4 bits that most such files have. */
export function storage(precision: Precision): MemoryPrecision {
  switch (precision.kind) {
    case "fp32":
      return { kind: "fp32" };
    case "int8":
    case "int8-activations":
      return { kind: "int8" };
    case "int4":
    case "int4-activations":
      return { kind: "int4", block: precision.block };
    case "file":
      return { kind: "int4", block: 16 };
    default:
      return unreachable(precision);
  }
}

/**
 * Gives the short name that session ids, caches and tables use; `parsePrecision` reads it back.
 * @example precisionName({ kind: "int4", block: 32, zeroPoints: true }) // "int4:32z"
 */
export function precisionName(precision: Precision): string {
  switch (precision.kind) {
    case "fp32":
    case "int8":
    case "file":
      return precision.kind;
    case "int4":
    case "int4-activations":
      return `${precision.kind}:${precision.block}${precision.zeroPoints ? "z" : ""}`;
    case "int8-activations":
      return `${precision.kind}:${precision.weightBits}`;
    default:
      return unreachable(precision);
  }
}

/**
 * Reads a precision by its name; what stands after a colon has a default.
 * @example parsePrecision("int4") // { kind: "int4", block: 32, zeroPoints: true }
 * @throws when the name is unknown, listing the names
 */
export function parsePrecision(name: string): Precision {
  const [kind, detail = DEFAULTS[kind]] = name.split(":");
  const found = PRECISIONS.find((precision) => precisionName(precision) === (detail ? `${kind}:${detail}` : kind));
  return found ?? fail("precision", `one of ${PRECISIONS.map(precisionName).join(", ")}`, name);
}

/** What follows the colon where nothing does. */
const DEFAULTS: Readonly<Record<string, string>> = {
  int4: "32z",
  "int4-activations": "32z",
  "int8-activations": "7",
};

const BLOCKS: readonly BlockOptions[] = ([32, 64, 128] as const).flatMap((block) =>
  [true, false].map((zeroPoints) => ({ block, zeroPoints })),
);

/** Every precision there is. */
export const PRECISIONS: readonly Precision[] = [
  FP32,
  { kind: "int8" },
  { kind: "file" },
  ...BLOCKS.map((options) => ({ kind: "int4", ...options }) as const),
  { kind: "int8-activations", weightBits: 7 },
  { kind: "int8-activations", weightBits: 8 },
  ...BLOCKS.map((options) => ({ kind: "int4-activations", ...options }) as const),
];
