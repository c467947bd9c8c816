import { adapterScale, positiveInteger } from "../check/check";
import type { Site } from "../ops/site";
import { modesFor } from "../tt/plan";
import type { Adapter, TensorTrainSpec } from "./adapter";
import { bottleneckAdapter } from "./bottleneck";
import { trainMatrix } from "./train-matrix";

/**
 * Makes a bottleneck adapter whose two matrices are tensor trains, with dense trainable biases:
 *     A(h) = h + s Up(relu(Down(h))),  Down: width -> bottleneck, Up: bottleneck -> width,  each y = (x L) R + b
 * with L [inputs, rank] and R [rank, outputs] the contracted halves of the train (fast-forward; W = L R is never formed).
 * Halves are contracted once per forward pass for all sites of one width together, s folded into Up.
 * Tensors: `${site}.down.core.${i}` [rankLeft, mode, rankRight], `${site}.down.bias` [bottleneck], the same for `up` [width].
 * At the start W has mean 0 and variance 1 / (inputs + outputs), b ~ U(-1/sqrt(outputs), 1/sqrt(outputs)); Up is not zero.
 * @example tensorTrain({ kind: "tensor-train", placement: "llama", rank: 5, bottleneck: 64, scale: 1, modes: null }, llama2Sites).layout.size // 610560 for Llama-2-7B
 * @throws when the modes do not multiply to the sizes, or the model lacks the placement's sites
 * Source: the AdaZeta reference code, yifanycc/AdaZeta at 3659ba3; the paper is arXiv 2406.18060.
 */
export function tensorTrain(spec: TensorTrainSpec, sites: readonly Site[]): Adapter {
  const rank = positiveInteger("rank", spec.rank);
  const bottleneck = positiveInteger("bottleneck", spec.bottleneck);
  return bottleneckAdapter(spec, sites, {
    activation: "relu",
    scale: adapterScale("scale", spec.scale),
    matrices(names, width) {
      const modes = spec.modes ?? { down: modesFor(width, bottleneck), up: modesFor(bottleneck, width) };
      return {
        down: trainMatrix(names, "down", modes.down, [width, bottleneck], rank, spec.biases),
        up: trainMatrix(names, "up", modes.up, [bottleneck, width], rank, spec.biases),
      };
    },
  });
}
