import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";

/**
 * QuZO: two-sided estimates along directions of a few bits, on weights of a few bits.
 * @throws naming the option that is out of range
 * @example quzo().directions // { kind: "quantized", bits: 4 }
 * Source: arXiv 2502.12346; jmha02/QuZO@2ae9fc4 (1 query, directions of 4 bits; LoRA on OPT-1.3B, DROP: eta 3e-5, epsilon 2e-3; all weights of
 *   Llama-2-7B, SST-2: 1e-6, 1e-3). Weights of 8 bits are ours.
 */
export function quzo({
  bits = 4,
  weightBits = 8,
  queries,
  ...options
}: MezoOptions & {
  /** Of a direction's numbers, default 4. */
  readonly bits?: number;
  /** Of a weight, default 8; null: weights stay as they are. */
  readonly weightBits?: number | null;
} = {}): Method {
  const transforms = weightBits === null ? [] : [{ kind: "requantize", bits: weightBits } as const];
  return compose("quzo", { directions: { kind: "quantized", bits }, queries, transforms }, options);
}
