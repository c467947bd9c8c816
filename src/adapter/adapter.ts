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
  /** Contracts what can be contracted once per forward pass, and returns what the model is to be run with. */
  bind<T>(ops: Ops<T>): Bound<T>;
}

/** What an adapted model runs with: `model.forward(bound.ops, bound.hooks)`. */
export interface Bound<T> {
  /** The operations handed to `bind`, some of them changed where the adapter trains the model's own weights. */
  readonly ops: Ops<T>;
  /** What happens at each site. */
  readonly hooks: Hooks<T>;
}

export type AdapterSpec = TensorTrainSpec | BottleneckSpec | LoraSpec | NoAdapterSpec;

/** Only these layers, counted from 0; without it, all of them. */
export type Layers = readonly number[] | { readonly from: number };

/** Where bottleneck adapters sit. */
export interface Placed {
  /**
   * "llama": on the input of gate (where the model has one) and up, and on the output of down;
   * "roberta": on the output of the attention and the feed-forward output projections, before residual and norm.
   */
  readonly placement: "llama" | "roberta";
  readonly layers?: Layers;
}

/** A(h) = h + s Up(relu(Down(h))) with both matrices in tensor-train form. */
export interface TensorTrainSpec extends Placed {
  readonly kind: "tensor-train";
  readonly rank: number;
  readonly bottleneck: number;
  /** s. */
  readonly scale: number;
  /** Modes of Down (inputs | bottleneck); null lets the planner choose. Up uses `up`. */
  readonly modes: { readonly down: SplitModes; readonly up: SplitModes } | null;
}

/** Modes of a TT matrix: the first list multiplies to the inputs, the second to the outputs. */
export type SplitModes = Modes;

/** A(h) = h + s Up(activation(Down(h))) with two dense matrices. */
export interface BottleneckSpec extends Placed {
  readonly kind: "bottleneck";
  readonly bottleneck: number;
  readonly activation: Activation;
  /** s. */
  readonly scale: number;
  /** How Up starts: "zero" leaves the model as it was (the default); "small" draws from N(0, 0.01^2), as Houlsby et al. do for both. */
  readonly up?: "zero" | "small";
}

export type Activation = "relu" | "gelu" | "silu" | "tanh";

export interface LoraSpec {
  readonly kind: "lora";
  readonly rank: number;
  /** y = W x + (alpha / rank) B A x. */
  readonly alpha: number;
  /** Sites by their last words ("query", "mlp.up"), by name, or by a pattern with stars ("layers.3.attention.*"). */
  readonly targets: readonly string[];
  readonly layers?: Layers;
}

/** The frozen model alone: d = 0. */
export interface NoAdapterSpec {
  readonly kind: "none";
}
