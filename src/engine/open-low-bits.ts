import { makeAdapter } from "../adapter/make-adapter";
import { checkBits, fail } from "../check/check";
import { lowBits, lowBitsName } from "../model/low-bits";
import type { LowBits } from "../model/low-bits";
import type { Model } from "../model/model";
import { precisionName } from "./onnx/precision";
import type { Precision } from "./onnx/precision";
import { onnxSession } from "./onnx/session";
import type { OnnxOptions, OnnxSession } from "./onnx/session";

/**
 * Gives the engine's precision that stores weights of so few bits exactly, a scale a row, and multiplies by so few bits of activations:
 * - up to 4 bits of weights lie in blocks of 4 bits, each with its row's scale; up to 8 bits in bytes
 * - 8 bits of activations are the kernel's own rounding: symmetric, a scale for 32 numbers of a row (4-bit weights) or a row (bytes); null: computed in fp32
 * For example `precisionName(lowBitsPrecision({ weights: 3, activations: 8 }))`: "int4-activations:32".
 * @param pairs whether products of 8-bit pairs are exact (VNNI); without it bytes of weights hold 7 bits beside 8-bit activations
 * @throws when no precision of the engine is that: bits of weights above 8, or of activations other than 8, or one range for all tokens
 */
export function lowBitsPrecision({ weights, activations, per = "token" }: LowBits, pairs: boolean = true): Precision {
  const name = lowBitsName({ weights, activations, per });
  const refuse = (): never =>
    fail(
      "bits",
      "weights of 2 to 8 bits, and activations of 8 bits for each token or null, which the engine has (lowBits(model, bits) opens any other as the definition in fp32)",
      name,
    );
  if (weights === null || checkBits("bits.weights", weights) > 8) return refuse();
  if (activations !== null && (activations !== 8 || per !== "token")) return refuse();
  const block = { block: 32, zeroPoints: false } as const;
  if (activations === null) return weights <= 4 ? { kind: "int4", ...block } : { kind: "int8" };
  if (weights <= 4) return { kind: "int4-activations", ...block };
  return { kind: "int8-activations", weightBits: pairs ? 8 : 7 };
}

/** A frozen model that the engine computes with few bits. */
export interface OpenedLowBits {
  readonly session: OnnxSession;
  /** How the engine has it, by `precisionName`. */
  readonly precision: string;
}

/**
 * Opens a model, frozen, with its linear layers' weights rounded as `lowBits` rounds them and stored in the engine's own few bits: what it computes
 * there is the engine's, not a simulation's. It has no gradient where activations are rounded.
 * For example `(await openLowBits(model, { weights: 4, activations: 8 })).precision`: "int4-activations:32".
 * @param model with the weights that are to be rounded (`modelAt`)
 * @throws as `lowBitsPrecision`, before anything is opened
 */
export async function openLowBits(
  model: Model,
  bits: LowBits,
  options: Omit<OnnxOptions, "precision"> & { readonly pairs?: boolean } = {},
): Promise<OpenedLowBits> {
  const { pairs, ...others } = options;
  const precision = lowBitsPrecision(bits, pairs);
  const rounded = lowBits(model, { weights: bits.weights, activations: null });
  const session = await onnxSession(rounded, makeAdapter({ kind: "none" }, rounded), { ...others, precision });
  return { session, precision: precisionName(precision) };
}
