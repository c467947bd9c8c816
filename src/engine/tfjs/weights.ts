import { fail } from "../../check/check";
import type { Product } from "./product";
import type { Tensor, TensorFlow } from "./tensorflow";

/** Frozen weights on the backend, uploaded once when the model is opened. */
export interface FrozenTensors {
  /** x W^T for W [out, in]: [R, T, in] -> [R, T, out]. The caller's `tidy` frees what is made on the way. */
  times(x: Tensor, name: string): Tensor;
  /** y W: [R, T, out] -> [R, T, in], for derivatives. */
  timesBack(y: Tensor, name: string): Tensor;
  vector(name: string): Tensor;
  add(name: string, shape: readonly number[], data: Float32Array): void;
  dispose(): void;
}

/** Values from which a matrix is held once: 64 MiB. */
const LARGE = 2 ** 24;

/**
 * Makes a matrix is held as W^T, and, once a gradient is asked for, as W too; besides, the wasm backend keeps a packed copy of every tensor
 * that is a product's right factor. A large matrix is held once, as W, and is the left factor, so nothing of it is packed:
 *   x W^T = (W x^T)^T,   y W = (W^T y^T)^T, for which W is turned each time.
 * @param large values from which a matrix is large
 */
export function frozenTensors(tf: TensorFlow, product: Product, large: number = LARGE): FrozenTensors {
  const vectors = new Map<string, Tensor>();
  /** W of large matrices, W^T of others. */
  const forward = new Map<string, Tensor>();
  const backward = new Map<string, Tensor>();
  const isLarge = ({ size }: Tensor): boolean => size >= large;
  const of = (kept: ReadonlyMap<string, Tensor>, name: string): Tensor =>
    kept.get(name) ?? fail("weights", "an uploaded weight", name);
  const transposed = (matrix: Tensor): Tensor => tf.keep(tf.tidy(() => tf.transpose(matrix)));
  /** (left x^T)^T, x's rows as the columns of the small factor. */
  const fromLeft = (left: Tensor, x: Tensor): Tensor => {
    const [outputs, inputs] = left.shape as [number, number];
    const columns = tf.transpose(tf.reshape(x, [-1, inputs]));
    return tf.reshape(tf.transpose(product(left, columns)), [...x.shape.slice(0, -1), outputs]);
  };
  const turned = (name: string): Tensor => {
    const known = backward.get(name) ?? transposed(of(forward, name));
    backward.set(name, known);
    return known;
  };
  return {
    times(x, name) {
      const matrix = of(forward, name);
      return isLarge(matrix) ? fromLeft(matrix, x) : product(x, matrix);
    },
    timesBack(y, name) {
      const matrix = of(forward, name);
      return isLarge(matrix) ? fromLeft(tf.transpose(matrix), y) : product(y, turned(name));
    },
    vector: (name) => of(vectors, name),
    add(name, shape, data) {
      if (shape.length === 1) {
        vectors.set(name, tf.keep(tf.tensor1d(data)));
        return;
      }
      const matrix = tf.tensor2d(data, [shape[0], shape[1]]);
      forward.set(name, isLarge(matrix) ? tf.keep(matrix) : transposed(matrix));
      if (!isLarge(matrix)) matrix.dispose();
    },
    dispose() {
      for (const kept of [vectors, forward, backward]) {
        kept.forEach((tensor) => tensor.dispose());
        kept.clear();
      }
    },
  };
}
