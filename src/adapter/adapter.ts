import type { Site } from "../ops/site";
import type { FrozenMatrix, FrozenVector, Hooks, Ops } from "../ops/ops";
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
  /** The model's own weights that its tensors are a change of: an engine keeps the matrices where the change can be folded into them. Absent: none. */
  readonly base?: readonly BaseWeight[];
  /** Where it adds something of its own to what the model computes. Absent: it works in another way. */
  readonly sites?: readonly string[];
  /** Sites where a batch may multiply what it adds by a factor (`dropping`). Absent: none. */
  readonly drops?: readonly string[];
  /** Places of the hidden states that it reads, as a tap counts them: an engine may keep those of each text. Absent: none. */
  readonly reads?: readonly number[];
  /** Its tensors are as large as the model's: an engine takes each as an input of its own, and one point at a time. */
  readonly large?: true;
}

/** One of a model's own weights. */
export interface BaseWeight {
  readonly name: string;
  readonly shape: readonly number[];
  read(): Float32Array;
}

/** What an adapter needs to know of a model; sites alone are enough for all that sit beside it. */
export interface Adaptable {
  readonly sites: readonly Site[];
  /** The definition: run once, with operations that only note which weights it reads. */
  forward<T>(ops: Ops<T>, hooks: Hooks<T>): T;
  /** The language-model head's own weights, which the definition does not read. */
  readonly head: {
    readonly weight: FrozenMatrix;
    readonly biases: FrozenVector | null;
    readonly transform?: readonly string[];
  } | null;
}

/** What an adapted model runs with: `model.forward(bound.ops, bound.hooks)`. */
export interface Bound<T> {
  /** The operations handed to `bind`, some of them changed where the adapter trains the model's own weights. */
  readonly ops: Ops<T>;
  /** What happens at each site. */
  readonly hooks: Hooks<T>;
}

export type AdapterSpec =
  | TensorTrainSpec
  | BottleneckSpec
  | LoraSpec
  | LoraXsSpec
  | TrainLoraSpec
  | TrainCoreSpec
  | LinearAdapterSpec
  | PrefixSpec
  | SideSpec
  | FullSpec
  | NoAdapterSpec;

/** Only these layers, counted from 0; without it, all of them. */
export type Layers = readonly number[] | { readonly from: number };

/** Where bottleneck adapters sit. */
export interface BottleneckPlacement {
  /**
   * "llama": on the input of gate (where the model has one) and up, and on the output of down;
   * "roberta": on the output of the attention and the feed-forward output projections, before residual and norm.
   */
  readonly placement: "llama" | "roberta";
  readonly layers?: Layers;
}

/** A(h) = h + s Up(relu(Down(h))) with both matrices in tensor-train form. */
export interface TensorTrainSpec extends BottleneckPlacement {
  readonly kind: "tensor-train";
  readonly rank: number;
  readonly bottleneck: number;
  /** s. */
  readonly scale: number;
  /** Modes of Down (inputs | bottleneck); null lets the planner choose. Up uses `up`. */
  readonly modes: { readonly down: SplitModes; readonly up: SplitModes } | null;
  /** false: no dense biases; absent: with them, as the reference code has them. */
  readonly biases?: false;
}

/** Modes of a TT matrix: the first list multiplies to the inputs, the second to the outputs. */
export type SplitModes = Modes;

/** A(h) = h + s Up(activation(Down(h))) with two dense matrices. */
export interface BottleneckSpec extends BottleneckPlacement {
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
  /**
   * Trains the language-model head besides: its dense layer and norm where it has them, and a copy of its rows and biases of these
   * tokens, the others having no part in the loss. "label words": those that the problem scores (`adapterFor` names them).
   */
  readonly head?: "label words" | readonly number[];
}

/** A small matrix R between singular vectors of each frozen matrix W = P S Q^T, its r largest: y = W x + (alpha / rank) P R^T S Q^T x. */
export interface LoraXsSpec {
  readonly kind: "lora-xs";
  readonly rank: number;
  readonly alpha: number;
  /** As a LoRA's. */
  readonly targets: readonly string[];
  readonly layers?: Layers;
}

/** A LoRA whose A [inputs, rank] and B [rank, outputs] are tensor trains: linear, so it is a LoRA of that rank. */
export interface TrainLoraSpec {
  readonly kind: "tt-lora";
  readonly rank: number;
  readonly alpha: number;
  /** The rank between the cores of both trains. */
  readonly trainRank: number;
  /** As a LoRA's. */
  readonly targets: readonly string[];
  readonly layers?: Layers;
}

/** A trained inner core between the frozen outer cores of a tensor train of each weight (`trainCore`): linear, so it is a LoRA of rank `rank` times `inner`. */
export interface TrainCoreSpec {
  readonly kind: "tt-core";
  /** r, of the outer cores. */
  readonly rank: number;
  /** m, the mode of inputs and the mode of outputs that the inner core has. */
  readonly inner: number;
  /** Over rank times inner. */
  readonly alpha: number;
  /** As a LoRA's. */
  readonly targets: readonly string[];
  readonly layers?: Layers;
}

/** A(h) = h + s F h with a square map F that starts at zero and a learned number s; after training it goes into the frozen weights (`foldedMap`). */
export interface LinearAdapterSpec extends BottleneckPlacement {
  readonly kind: "linear";
  /** "full": F has all its numbers; a number below the width: F = U D of that rank, U zero at the start. */
  readonly rank: "full" | number;
  /** Where s starts; default 0.1. */
  readonly scale?: number;
}

/** Keys and values of tokens that stand before every text, in each layer's attention. */
export interface PrefixSpec {
  readonly kind: "prefix";
  /** m. */
  readonly tokens: number;
  /** Of the starting values, N(0, deviation^2); default 0.02. */
  readonly deviation?: number;
  readonly layers?: Layers;
}

/** A small network beside the frozen layers, whose output is what the last layer takes in place of the hidden states before it (`side`). */
export interface SideSpec {
  readonly kind: "side";
  /** H, of all that the network computes with. */
  readonly width: number;
  /** How its features of the layers become one: weighted against what they say twice (SHERL), or their mean. */
  readonly aggregation: "anti-redundancy" | "mean";
  /** Its features and its output: "gated" as SHERL has them for T5, "norm" as for BERT. */
  readonly form: "gated" | "norm";
  /**
   * Which hidden states it reads besides those that it replaces: places, 0 of the embeddings and k of the output of k layers, or those so many
   * layers apart, from the embeddings on. Absent: all.
   */
  readonly features?: readonly number[] | { readonly apart: number };
  /** What of the replaced hidden states is added to its output: "gate", a trained share that is none at the start (the default), or the "whole". */
  readonly skip?: "gate" | "whole";
}

/** The model's own weights, as MeZO trains them; the starting point is the model as it is. */
export interface FullSpec {
  readonly kind: "full";
  /** "all" has the embeddings, the final norm and the head besides all layers; otherwise only weights of these layers. */
  readonly layers: "all" | Layers;
  /** Only weights of these kinds; without it, all. ["biases"] is known as BitFit. */
  readonly parts?: readonly WeightPart[];
  /**
   * R: the weights stay where they are, and what is trained is a change of them, whose matrices are left right^T of R columns each, for methods
   * whose directions are outer products (LOZO and its kin). Absent: theta has all numbers.
   */
  readonly factors?: number;
}

/** Matrices of linear layers, their biases, scales and shifts of norms, embedding tables with the head. */
export type WeightPart = "matrices" | "biases" | "norms" | "embeddings";

/** The frozen model alone: d = 0. */
export interface NoAdapterSpec {
  readonly kind: "none";
}
