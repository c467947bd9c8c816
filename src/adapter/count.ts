import type { Adapter } from "./adapter";

/** An adapter's trainable parameters by what they are. */
export interface TrainableCounts {
  /** Cores of tensor trains, or LoRA's factors. */
  readonly weights: number;
  readonly biases: number;
  readonly total: number;
}

/**
 * Counts an adapter's tensors: those named `....bias`, and all others.
 * For example `trainableCounts(makeAdapter(spec, llama2Sites))`: { weights: 211200, biases: 399360, total: 610560 } for AdaZeta's on Llama-2-7B.
 */
export function trainableCounts({ layout }: Pick<Adapter, "layout">): TrainableCounts {
  const isBias = ({ name }: { readonly name: string }): boolean => name.endsWith(".bias");
  const biases = layout.entries.filter(isBias).reduce((sum, { size }) => sum + size, 0);
  return { weights: layout.size - biases, biases, total: layout.size };
}
