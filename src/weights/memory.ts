import { positiveInteger } from "../check/check";
import type { Model } from "../model/model";

/** How an engine holds the frozen matrices: int8 with one fp32 scale per output row, int4 with one per `block` inputs. */
export type MemoryPrecision =
  { readonly kind: "fp32" } | { readonly kind: "int8" } | { readonly kind: "int4"; readonly block: number };

/** What of a model decides the memory. */
export type ModelShape = Pick<Model, "sites" | "width"> & Partial<Pick<Model, "scoredBy">>;

/** What is evaluated in one pass: `points` counts the primal too, so a directional pass along P directions has 1 + P. */
export interface PassShape {
  readonly texts: number;
  /** Of each text. */
  readonly tokens: number;
  readonly points: number;
  /** Trainable parameters d. */
  readonly trainable: number;
  /** Numbers of the layers' matrices that are trained themselves: the engine packs none of them, the points have them; default 0. */
  readonly trainedMatrices?: number;
  /** Its gradient is taken; absent: losses alone. */
  readonly gradient?: GradientShape | undefined;
}

/** What of a gradient decides its memory, whatever the batch. */
export interface GradientShape {
  /** The most numbers whose derivatives are alive at a time: d, or the largest block's. */
  readonly alive: number;
  /** The way back computes again what it can. */
  readonly recompute: boolean;
}

/** A prediction in bytes of resident memory. */
export interface MemoryNeed {
  /** Node, the engine's library, a tokenizer: there before a model is opened. */
  readonly process: number;
  /** Frozen matrices in the engine. Embedding tables stay in their file. */
  readonly weights: number;
  /** What a pass makes and the engine keeps for the next one; what a gradient keeps of a batch is counted when the batch is there. */
  readonly activations: number;
  /** The derivatives by trainable parameters that are alive at a time, in all their copies; 0 for losses. */
  readonly derivatives: number;
  readonly total: number;
}

/**
 * The constants of the prediction, fitted to peaks of resident memory of MiniLM and SmolLM2 in fp32, and of
 * generated RoBERTa-large and Llama-2-7B shapes at int8 and int4 (`test/bench/results/memory*.md`; `test/weights/memory.test.ts` holds
 * them to what is measured).
 */
export const MEMORY = {
  process: 165e6,
  /**
   * Copies of each matrix in a session: the engine packs fp32 and int4 once and multiplies by int8 as mapped from the file; its memory
   * for int4 grows in larger steps than the weights (4.3 to 5.1 GB measured for 3.4 GB of Llama-2-7B's).
   */
  copies: { fp32: 1, int8: 1, int4: 1.25 },
  /** Values kept per token and point: so many of the model's width, and so many of its widest layer. */
  widths: 8,
  widest: 10,
  /** Logits of a scored token, where the features are scores of tokens: so many rows of the vocabulary's size; one token a text is counted. */
  logits: 3,
  /** Vectors of d beside one for each point: parameters, directions and the estimate. */
  vectors: 3,
  /**
   * Further copies of each matrix for a gradient: the way back multiplies by it turned, which is packed again in fp32, and with recomputation as
   * on the way forward besides. Rounded ones are unpacked from their file for the moment of a product.
   */
  back: { fp32: { keep: 1, recompute: 2 }, int8: { keep: 0, recompute: 0 }, int4: { keep: 0, recompute: 1.25 } },
  /** Copies of the derivatives that are alive: as the engine makes one, as it gives it, and as its taker has it. */
  derivatives: 4,
} as const;

/**
 * Predicts what training needs:
 *   weights = copies * sum of outputs * inputs * bytesPerValue,  activations = 4 points texts (tokens (a width + b widest) + l vocabulary) + 4 d (points + c),
 *   derivatives = 4 e alive.
 * For example `predictMemory(model, { kind: "int4", block: 32 }, { texts: 8, tokens: 64, points: 2, trainable: 610560 }).total / 1e9`.
 * @throws when a count is not a positive integer
 */
export function predictMemory(model: ModelShape, precision: MemoryPrecision, pass: PassShape): MemoryNeed {
  const { texts, tokens, points, trainable } = pass;
  const rows = positiveInteger("texts", texts) * positiveInteger("tokens", tokens) * positiveInteger("points", points);
  const [vocabulary, hidden] = model.scoredBy?.weight.shape ?? [0, 0];
  const matrices = [...model.sites, { inputs: hidden, outputs: vocabulary }];
  const { gradient, trainedMatrices = 0 } = pass;
  const back = gradient === undefined ? 0 : MEMORY.back[precision.kind][gradient.recompute ? "recompute" : "keep"];
  const numbers = model.sites.reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
  const frozen = numbers === 0 ? 1 : Math.max(0, 1 - trainedMatrices / numbers);
  const weights =
    frozen *
    (MEMORY.copies[precision.kind] + back) *
    matrices.reduce((sum, matrix) => sum + matrixBytes(matrix, precision), 0);
  const widest = model.sites.reduce((most, { inputs, outputs }) => Math.max(most, inputs, outputs), model.width);
  const activations =
    4 * rows * (MEMORY.widths * Math.max(model.width, hidden) + MEMORY.widest * widest) +
    4 * points * texts * MEMORY.logits * vocabulary +
    4 * trainable * (points + MEMORY.vectors);
  const derivatives = gradient === undefined ? 0 : 4 * MEMORY.derivatives * gradient.alive;
  const total = MEMORY.process + weights + activations + derivatives;
  return { process: MEMORY.process, weights, activations, derivatives, total };
}

/** Gives a precision's name in messages and tables. @example precisionName({ kind: "int4", block: 32 }) // "int4 (block 32)" */
export function precisionName(precision: MemoryPrecision): string {
  return precision.kind === "int4" ? `int4 (block ${precision.block})` : precision.kind;
}

/** Writes a number of bytes for people. @example formatBytes(5.1e9) // "5.1 GB" */
export function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}

export interface MemoryQuestion {
  /** Of the model, for the message. */
  readonly name: string;
  readonly model: ModelShape;
  readonly precision: MemoryPrecision;
  readonly pass: PassShape;
  /** What may be taken; Infinity: no check. */
  readonly freeBytes: number;
  /** Other precisions that the engine offers. */
  readonly alternatives: readonly MemoryPrecision[];
}

/**
 * Refuses a session that would not fit, before anything of it is loaded. The process itself is there already and is not counted.
 * @throws "NAME: needs about 27.5 GB at fp32, 3.2 GB free: use int8 (...), or ..."
 */
export function requireMemory({ name, model, precision, pass, freeBytes, alternatives }: MemoryQuestion): void {
  const more = (kind: MemoryPrecision, smaller: PassShape = pass): number => {
    const { weights, activations, derivatives } = predictMemory(model, kind, smaller);
    return weights + activations + derivatives;
  };
  const needed = more(precision);
  if (needed <= freeBytes) return;
  const options = alternatives
    .filter((kind) => more(kind) <= freeBytes)
    .map((kind) => `${precisionName(kind)} (about ${formatBytes(more(kind))})`);
  const one = { ...pass, texts: 1, points: 1 };
  if (more(precision, one) <= freeBytes)
    options.push(`fewer texts and points in a pass (about ${formatBytes(more(precision, one))} for one)`);
  const { gradient } = pass;
  if (
    gradient?.recompute === true &&
    more(precision, { ...pass, gradient: { ...gradient, recompute: false } }) <= freeBytes
  )
    options.push("recompute: false");
  if (gradient !== undefined && more(precision, { ...pass, gradient: undefined }) <= freeBytes)
    options.push("a zeroth-order method, which needs losses alone");
  if (options.length === 0) options.push("a smaller model");
  throw new Error(
    `${name}: needs about ${formatBytes(needed)} at ${precisionName(precision)}${gradient === undefined ? "" : " for gradients"}, ${formatBytes(freeBytes)} free: use ` +
      `${options.join(", ")}, close what else is open, or pass freeBytes: Infinity to try all the same`,
  );
}

function matrixBytes(
  { inputs, outputs }: { readonly inputs: number; readonly outputs: number },
  precision: MemoryPrecision,
): number {
  switch (precision.kind) {
    case "fp32":
      return 4 * inputs * outputs;
    case "int8":
      return outputs * (inputs + 4);
    case "int4":
      return outputs * (inputs / 2 + 4 * Math.ceil(inputs / positiveInteger("block", precision.block)));
  }
}
