import type { Hooks, Ops } from "../ops/ops";
import type { Layout } from "../tree/layout";
import type { Modes } from "../tt/modes";

/** A small trainable part beside a frozen model. All adapters share this interface. */
export interface Adapter {
  /** The specification it was made from, as plain data: it goes into trajectories, records and saved files. */
  readonly spec: AdapterSpec;
  readonly layout: Layout;
  /** The starting point theta_0 [d]; the same seed gives the same bits. */
  initial(seed: number): Float32Array;
  /** Contracts what can be contracted once per forward pass, and returns what happens at each site. */
  bind<T>(ops: Ops<T>): Hooks<T>;
}

export type AdapterSpec = TensorTrainSpec | LoraSpec | NoAdapterSpec;

export interface TensorTrainSpec {
  readonly kind: "tensor-train";
  /** "llama": before gate and up, after down projection; "roberta": after the attention and feed-forward output projections, before LayerNorm. */
  readonly placement: "llama" | "roberta";
  readonly rank: number;
  readonly bottleneck: number;
  /** s in A(h) = h + s Up(relu(Down(h))). */
  readonly scale: number;
  /** Modes of Down (inputs | bottleneck); null lets the planner choose. Up uses `up`. */
  readonly modes: { readonly down: SplitModes; readonly up: SplitModes } | null;
}

/** Modes of a TT matrix: the first list multiplies to the inputs, the second to the outputs. */
export type SplitModes = Modes;

export interface LoraSpec {
  readonly kind: "lora";
  readonly rank: number;
  /** y = W x + (alpha / rank) B A x. */
  readonly alpha: number;
  /** The last word of the sites it sits at, e.g. ["query", "value"]. */
  readonly targets: readonly string[];
}

/** The frozen model alone: d = 0. */
export interface NoAdapterSpec {
  readonly kind: "none";
}
