import { fail } from "../../check/check";
import type { Tensor, TensorFlow } from "./tensorflow";

/** Frozen weights on the backend, uploaded once when the model is opened. */
export interface FrozenTensors {
  /** W^T [in, out], for x W^T. */
  forward(name: string): Tensor;
  /** W [out, in], for dy W; made when the first gradient is asked for, and kept. */
  backward(name: string): Tensor;
  vector(name: string): Tensor;
  add(name: string, shape: readonly number[], data: Float32Array): void;
  dispose(): void;
}

export function frozenTensors(tf: TensorFlow): FrozenTensors {
  const vectors = new Map<string, Tensor>();
  const forward = new Map<string, Tensor>();
  const backward = new Map<string, Tensor>();
  const of = (kept: ReadonlyMap<string, Tensor>, name: string): Tensor =>
    kept.get(name) ?? fail("weights", "an uploaded weight", name);
  const transposed = (matrix: Tensor): Tensor => tf.keep(tf.tidy(() => tf.transpose(matrix)));
  return {
    forward: (name) => of(forward, name),
    vector: (name) => of(vectors, name),
    backward(name) {
      const known = backward.get(name);
      if (known !== undefined) return known;
      const made = transposed(of(forward, name));
      backward.set(name, made);
      return made;
    },
    add(name, shape, data) {
      if (shape.length === 1) {
        vectors.set(name, tf.keep(tf.tensor1d(data)));
        return;
      }
      const matrix = tf.tensor2d(data, [shape[0], shape[1]]);
      forward.set(name, transposed(matrix));
      matrix.dispose();
    },
    dispose() {
      for (const kept of [vectors, forward, backward]) {
        kept.forEach((tensor) => tensor.dispose());
        kept.clear();
      }
    },
  };
}
