import { composeExact, inParts, type ExactOptions } from "../compose";
import type { Method } from "../method";
import type { TransformSpec } from "../transforms";

export interface LambOptions extends ExactOptions {
  /** Into so many parts a batch is divided, whose gradients are averaged: memory for one part, the same numbers. Default: none. */
  readonly parts?: number;
}

/**
 * LAMB: Adam's step with the weight decay in it, scaled for each tensor to a share of the tensor's own length.
 *     u = m' / (sqrt v' + epsilon) + wd theta,  theta <- theta - lr (|theta| / |u|) u, m' and v' without bias, 1 for a ratio with a 0 in it
 * @throws naming the option that is out of range
 * @example lamb({ weightDecay: 0.01 }).transforms.map(({ kind }) => kind) // ["adam", "weight-decay", "trust-ratio"]
 * Source: arXiv 1904.00962; huggingface/pytorch-image-models, timm/optim/lamb.py of timm 1.0.31 with `max_grad_norm=None, always_adapt=True`, whose
 *   steps the test walks. Departs: its clipping of the gradient's length at 1 is `clip-norm`, to be put first; by default it has no ratio for
 *   tensors that do not decay.
 */
export function lamb({ learningRate = 1e-2, name = "lamb", weightDecay, parts }: LambOptions = {}): Method {
  return composeExact(name, learningRate, lambChain(weightDecay), inParts(parts));
}

/** Gives LAMB's chain, for other gradients than the plain one. @example lambChain().at(-1) // { kind: "trust-ratio" } */
export function lambChain(weightDecay = 0): readonly TransformSpec[] {
  return [
    { kind: "adam", firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-6 },
    { kind: "weight-decay", weightDecay },
    { kind: "trust-ratio" },
  ];
}
