import { BF16, F16, F32, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, type StoredType } from "./stored-type";
import { IQ4_NL, IQ4_XS, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K } from "./super-blocks";

/** ggml's type numbers that are read. */
const READ: Readonly<Record<number, StoredType>> = {
  0: F32,
  1: F16,
  2: Q4_0,
  3: Q4_1,
  6: Q5_0,
  7: Q5_1,
  8: Q8_0,
  10: Q2_K,
  11: Q3_K,
  12: Q4_K,
  13: Q5_K,
  14: Q6_K,
  20: IQ4_NL,
  23: IQ4_XS,
  30: BF16,
};

/** Gives ggml's number of a type that is read. @example ggmlCode(Q4_1) // 3 */
export function ggmlCode(type: StoredType): number {
  return Number(Object.keys(READ).find((code) => READ[Number(code)] === type));
}

/** Others, by name only. */
const NAMES: Readonly<Record<number, string>> = {
  9: "Q8_1",
  15: "Q8_K",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  21: "IQ3_S",
  22: "IQ2_S",
  24: "I8",
  25: "I16",
  26: "I32",
  27: "I64",
  28: "F64",
  29: "IQ1_M",
  34: "TQ1_0",
  35: "TQ2_0",
  39: "MXFP4",
};

/** For messages. */
export const READ_TYPES = Object.values(READ)
  .map(({ name }) => name)
  .join(", ");

/**
 * Gives the type of a ggml type number; for one that is not read, its name.
 * @example ggmlType(12).name // "Q4_K"
 */
export function ggmlType(code: number): StoredType | string {
  return READ[code] ?? NAMES[code] ?? `ggml type ${code}`;
}
