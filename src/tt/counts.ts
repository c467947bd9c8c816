import { positiveInteger } from "../check/check";
import { checkModes, product, type Modes } from "./modes";
import { presetModes } from "./plan";
import { coreShapes } from "./train";

/** A model's tensor-train adapters, as far as counting them needs. */
export interface AdapterCounts {
  /** Width N of the features that an adapter changes. */
  readonly width: number;
  readonly bottleneck: number;
  readonly rank: number;
  readonly layers: number;
  readonly adaptersPerLayer: number;
  readonly modes: { readonly down: Modes; readonly up: Modes };
}

/** The two set-ups of the reference code. Source: yifanycc/AdaZeta@3659ba3. */
export const publishedAdapters = {
  "llama-2-7b": {
    width: 4096,
    bottleneck: 64,
    rank: 5,
    layers: 32,
    adaptersPerLayer: 3,
    modes: presetModes["llama-2-7b"],
  },
  "roberta-large": {
    width: 1024,
    bottleneck: 64,
    rank: 5,
    layers: 24,
    adaptersPerLayer: 2,
    modes: presetModes["roberta-large"],
  },
} as const satisfies Record<string, AdapterCounts>;

/**
 * Counts the parameters of one matrix in tensor-train form: sum r_(i-1) k_i r_i.
 * @example trainParameters({ inputs: [16, 16, 16], outputs: [4, 4, 4] }, 5) // 1100
 */
export function trainParameters(modes: Modes, rank: number | readonly number[]): number {
  return coreShapes(modes, rank).reduce((sum, shape) => sum + product(shape), 0);
}

/**
 * Counts the trainable parameters of all adapters: cores of Down and Up, and their dense biases [bottleneck] and [width].
 * @throws when a count is not positive, or the modes do not multiply to the sizes
 * @example adapterParameters(publishedAdapters["llama-2-7b"]) // { cores: 211200, biases: 399360, total: 610560 }
 */
export function adapterParameters(counts: AdapterCounts): {
  readonly cores: number;
  readonly biases: number;
  readonly total: number;
} {
  const { width, bottleneck, rank, modes } = counts;
  checkModes("modes.down", modes.down, width, bottleneck);
  checkModes("modes.up", modes.up, bottleneck, width);
  const adapters =
    positiveInteger("layers", counts.layers) * positiveInteger("adaptersPerLayer", counts.adaptersPerLayer);
  const cores = adapters * (trainParameters(modes.down, rank) + trainParameters(modes.up, rank));
  const biases = adapters * (bottleneck + width);
  return { cores, biases, total: cores + biases };
}
