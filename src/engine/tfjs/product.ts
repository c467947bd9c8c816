import { broadcastShape } from "../reference/tensor";
import type { Tensor, TensorFlow } from "./tensorflow";

/** Which factors of a product are transposed. */
export interface TransposedFactors {
  readonly x?: boolean;
  readonly y?: boolean;
}

/** Products over the last two axes, leading axes broadcast. The caller's `tidy` frees what is made on the way. */
export type Product = (x: Tensor, y: Tensor, transposed?: TransposedFactors) => Tensor;

/** Multiply-adds from which one fast product each costs less than TF.js's own loop over a stack of matrices. */
const LARGE = 16 * 16 * 16;

/**
 * Makes matrix products in the form that the backend is fast at. The wasm backend has a fast kernel for two plain matrices only: ten
 * times faster than its kernel for stacks or transposed factors, so those are taken apart.
 * @param wasm whether the backend is wasm
 */
export function productOn(tf: TensorFlow, wasm: boolean): Product {
  const plainMatrices: Product = (x, y, { x: tx = false, y: ty = false } = {}) =>
    wasm ? tf.matMul(tx ? tf.transpose(x) : x, ty ? tf.transpose(y) : y) : tf.matMul(x, y, tx, ty);
  return (x, y, transposed = {}) => {
    const [m, k] = transposed.x ? swapped(x.shape.slice(-2)) : x.shape.slice(-2);
    const [, n] = transposed.y ? swapped(y.shape.slice(-2)) : y.shape.slice(-2);
    const leadX = x.shape.slice(0, -2);
    const leadY = y.shape.slice(0, -2);
    const lead = [...broadcastShape(leadX, leadY)];
    const flat = (value: Tensor): Tensor => tf.reshape(value, value.shape.slice(-2));
    if (leadY.every((size) => size === 1) && !transposed.x) {
      // One matrix for all: the rows of all x in one product.
      const product = plainMatrices(tf.reshape(x, [-1, k]), flat(y), { y: transposed.y ?? false });
      return tf.reshape(product, [...lead, m, n]);
    }
    const stack = (value: Tensor): Tensor => {
      const shape = [...lead, ...value.shape.slice(-2)];
      const full = value.shape.join() === shape.join() ? value : tf.broadcastTo(value, shape);
      return tf.reshape(full, [-1, ...value.shape.slice(-2)]);
    };
    const [xs, ys] = [stack(x), stack(y)];
    if (xs.shape[0] === 1) return tf.reshape(plainMatrices(flat(xs), flat(ys), transposed), [...lead, m, n]);
    if (!wasm || m * n * k < LARGE)
      return tf.reshape(tf.matMul(xs, ys, transposed.x ?? false, transposed.y ?? false), [...lead, m, n]);
    const others = tf.unstack(ys);
    const products = tf.unstack(xs).map((matrix, i) => plainMatrices(matrix, others[i], transposed));
    return tf.reshape(tf.stack(products), [...lead, m, n]);
  };
}

function swapped([rows, columns]: readonly number[]): readonly number[] {
  return [columns, rows];
}
