import type { TransformKind } from "../transform";

/**
 * u <- (|theta| / |u|) u for each tensor, 1 in place of the ratio where either length is 0: a tensor moves by a share of its own length, lr, whatever its
 * gradient's is. After `adam` and `weight-decay` it is LAMB's layer-wise step. A tensor that starts at 0 leaves it by plain steps.
 * Source: LAMB, arXiv 1904.00962 (phi the identity); huggingface/pytorch-image-models, timm/optim/lamb.py of timm 1.0.31 (`_lamb_trust_ratio`).
 */
export const trustRatio: TransformKind<unknown> = {
  check: () => undefined,
  whole: true,
  open:
    (_spec, { point }) =>
    ({ begin, update }) => {
      let [weights, steps] = [0, 0];
      for (let k = 0, i = begin; k < update.length; k++, i++) {
        weights += point[i] * point[i];
        steps += update[k] * update[k];
      }
      if (weights === 0 || steps === 0) return;
      const by = Math.sqrt(weights / steps);
      for (let k = 0; k < update.length; k++) update[k] *= by;
    },
};
