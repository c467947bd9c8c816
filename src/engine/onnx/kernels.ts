/**
 * Which way a graph takes where providers differ in the kernels that they have. What a provider lacks is computed on the CPU, with a copy there and
 * back, or refused at the run.
 */
export interface Kernels {
  /** Products with one side turned: FusedMatMul in one node, or the standard's Gemm, Transpose and MatMul. */
  readonly turnedProducts: "fused" | "standard";
  /** How fused attention in both directions hears where texts end: by their lengths, or by a bias on the scores; null: small operations. */
  readonly endsOfTexts: "lengths" | "bias" | null;
  /** Whether fused causal attention takes 32-bit floats. */
  readonly causalAttention: boolean;
  /** Most tensors that one Split may give. */
  readonly mostParts: number;
}

/** What every program has that reads ONNX files: the standard's operators alone. */
export const STANDARD_KERNELS: Kernels = {
  turnedProducts: "standard",
  endsOfTexts: null,
  causalAttention: false,
  mostParts: Infinity,
};

/** What ONNX Runtime has on the CPU. */
export const CPU_KERNELS: Kernels = {
  turnedProducts: "fused",
  endsOfTexts: "lengths",
  causalAttention: true,
  mostParts: Infinity,
};
