import { fail } from "../../check/check";

/** A float64 array with its axes in row-major order. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/**
 * Makes a tensor from numbers.
 * For example `tensor([2, 1], [3, 4])`.
 * @throws when there are not as many as the shape holds
 */
export function tensor(shape: readonly number[], data: ArrayLike<number>): Tensor {
  if (data.length !== sizeOf(shape)) fail(`tensor [${shape.join(", ")}]`, `${sizeOf(shape)} numbers`, data.length);
  return { shape, data: Float64Array.from(data) };
}

/** Makes a tensor of `shape` whose element at flat position i is value(i). */
export function generate(shape: readonly number[], value: (index: number) => number): Tensor {
  const data = new Float64Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = value(i);
  return { shape, data };
}

export function map({ shape, data }: Tensor, f: (value: number) => number): Tensor {
  return { shape, data: data.map(f) };
}

/** Gives the shape that two shapes broadcast to, as in NumPy. @throws when an axis differs and neither is 1 */
export function broadcastShape(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    return x === y || y === 1 ? x : x === 1 ? y : fail("shapes", `[${a.join(", ")}] to broadcast with the other`, b);
  });
}

/** Gives flat positions in a tensor of `shape` for each element of `target`, to which it broadcasts. */
export function broadcastPositions(shape: readonly number[], target: readonly number[]): Int32Array {
  let positions = new Int32Array([0]);
  let stride = sizeOf(shape);
  target.forEach((size, axis) => {
    const own = shape[axis - target.length + shape.length] ?? 1;
    stride /= own;
    const next = new Int32Array(positions.length * size);
    for (let i = 0; i < positions.length; i++)
      for (let j = 0; j < size; j++) next[i * size + j] = positions[i] + (own === 1 ? 0 : j * stride);
    positions = next;
  });
  return positions;
}

/** Computes elementwise f(x, y) under broadcasting. */
export function combine(x: Tensor, y: Tensor, f: (x: number, y: number) => number): Tensor {
  const shape = broadcastShape(x.shape, y.shape);
  const [from, other] = [broadcastPositions(x.shape, shape), broadcastPositions(y.shape, shape)];
  return generate(shape, (i) => f(x.data[from[i]], y.data[other[i]]));
}

/** Maps each row of the last axis by `write(row, out)`; the output's last axis has `width` elements. */
export function mapRows(x: Tensor, width: number, write: (row: Float64Array, out: Float64Array) => void): Tensor {
  const inner = x.shape[x.shape.length - 1];
  const rows = x.data.length / inner;
  const data = new Float64Array(rows * width);
  for (let r = 0; r < rows; r++)
    write(x.data.subarray(r * inner, (r + 1) * inner), data.subarray(r * width, (r + 1) * width));
  return { shape: [...x.shape.slice(0, -1), width], data };
}

/** Exchanges the last two axes. */
export function transposed({ shape, data }: Tensor): Tensor {
  const [rows, columns] = shape.slice(-2);
  const matrix = rows * columns;
  return generate([...shape.slice(0, -2), columns, rows], (i) => {
    const [block, place] = [Math.floor(i / matrix), i % matrix];
    return data[block * matrix + (place % rows) * columns + Math.floor(place / rows)];
  });
}

/** Computes the product over the last two axes, leading axes broadcast: [..., m, k] [..., k, n] -> [..., m, n]. */
export function matmul(x: Tensor, y: Tensor): Tensor {
  const [m, k] = x.shape.slice(-2);
  const [inner, n] = y.shape.slice(-2);
  if (inner !== k) fail("matmul", `${k} rows, as [${x.shape.join(", ")}] has columns`, y.shape);
  const lead = broadcastShape(x.shape.slice(0, -2), y.shape.slice(0, -2));
  const [xs, ys] = [x, y].map((t) => broadcastPositions(t.shape.slice(0, -2), lead));
  const data = new Float64Array(sizeOf(lead) * m * n);
  for (let b = 0; b < xs.length; b++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < k; j++) {
        const factor = x.data[(xs[b] * m + i) * k + j];
        for (let c = 0; c < n; c++) data[(b * m + i) * n + c] += factor * y.data[(ys[b] * k + j) * n + c];
      }
  return { shape: [...lead, m, n], data };
}
