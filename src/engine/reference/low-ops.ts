import { fail } from "../../check/check";
import type { GivenName, LowOps } from "../../ops/low-ops";
import { roundTogether } from "../../ops/grid";
import type { EmbeddingIndex } from "../../ops/ops";
import { entryOf } from "../../tree/layout";
import type { Layout } from "../../tree/layout";
import { scoredPlaces } from "../scored";
import type { TokenBatch } from "../session";
import { erf } from "./erf";
import { combine, generate, map, mapRows, matmul, sizeOf, tensor, transposed } from "./tensor";
import type { Tensor } from "./tensor";

/** Numbers of trainable-parameter space in whatever precision they are: float64 in tests that take differences. */
export type Point = ArrayLike<number>;

/** One forward pass: what it is computed for. */
export interface Pass {
  readonly batch: TokenBatch;
  readonly layout: Layout;
  readonly points: readonly Point[];
  readonly directions: readonly Point[];
  /** What the call brings besides. */
  readonly given?: ReadonlyMap<GivenName, Tensor>;
}

/**
 * Gives the lower operations in float64 arrays, one loop at a time: the judge of the other engines.
 * Texts are padded with copies of their last token where heads are split, as an engine would.
 * @throws when shapes do not fit, a text is empty, or stacked parameters are not one after another in the layout
 */
export function referenceOps({ batch, layout, points, directions, given }: Pass): LowOps<Tensor> {
  const lengths = batch.ids.map((text, b) => text.length || fail(`batch[${b}]`, "at least one token", text));
  const starts = lengths.map((_, b) => lengths.slice(0, b).reduce((sum, length) => sum + length, 0));
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const texts = lengths.length;
  const longest = Math.max(...lengths);
  const ids = batch.ids.flat();
  const positions = batch.ids.flatMap((text) => text.map((_, t) => t));
  const places = scoredPlaces(batch);
  const scored = places.map(({ text, at }) => starts[text] + at);
  /** Packed row of token t of text b; past the text's end, its last token. */
  const packed = (b: number, t: number): number => starts[b] + Math.min(t, lengths[b] - 1);
  /** The row of a table that each packed token takes; one row for all by "zero". */
  const rowsBy = (by: EmbeddingIndex): readonly number[] =>
    by === "token" ? ids : by === "position" ? positions : [0];
  /** Rows of the middle axis of [R, n, H], in another order or number. */
  const takeRows = ({ shape: [leading, count, width], data }: Tensor, rows: readonly number[]): Tensor =>
    generate([leading, rows.length, width], (i) => {
      const [r, row, h] = unravel(i, [leading, rows.length, width]);
      return data[(r * count + rows[row]) * width + h];
    });

  return {
    embed(table, by) {
      const rows = rowsBy(by);
      return tensor([1, rows.length, table.shape[1]], table.rows(rows));
    },
    gather: (table, by) => takeRows(table, rowsBy(by)),
    frozen(x, weight) {
      const [outputs, inputs] = weight.shape;
      const w = weight.read();
      return mapRows(x, outputs, (row, out) => {
        for (let o = 0; o < outputs; o++) {
          let sum = 0;
          for (let i = 0; i < inputs; i++) sum += row[i] * w[o * inputs + i];
          out[o] = sum;
        }
      });
    },
    vector: (weight) => tensor(weight.shape, weight.read()),
    parameters(names, of) {
      const rows = of === "point" ? points : directions;
      const entries = names.map((name) => entryOf(layout, name));
      const { offset, size, shape } = entries[0] ?? fail("parameters", "at least one name", names);
      entries.forEach((entry, i) => {
        if (entry.offset !== offset + i * size || entry.shape.join() !== shape.join())
          fail(`parameters[${i}]`, `shape [${shape.join(", ")}], next in the layout after ${names[i - 1]}`, entry.name);
      });
      const length = size * entries.length;
      return generate(
        [rows.length, entries.length, ...shape],
        (i) => rows[Math.floor(i / length)][offset + (i % length)],
      );
    },
    given: (name) => given?.get(name) ?? fail(name, "values that the call brings", "none"),
    pick({ shape: [leading, count, ...rest], data }, index) {
      const size = sizeOf(rest);
      return generate([leading, ...rest], (i) => data[(Math.floor(i / size) * count + index) * size + (i % size)]);
    },
    reshape: (x, shape) => tensor([x.shape[0], ...shape], x.data),
    matmul,
    matmulTransposed: (x, y, factor) => map(matmul(x, transposed(y)), (value) => value * factor),
    add: (x, y) => combine(x, y, (a, b) => a + b),
    subtract: (x, y) => combine(x, y, (a, b) => a - b),
    multiply: (x, y) => combine(x, y, (a, b) => a * b),
    scale: (x, factor) => map(x, (value) => value * factor),
    addScalar: (x, term) => map(x, (value) => value + term),
    keepFactor: (site) => tensor([1, 1, 1], [Math.fround(batch.keep?.get(site) ?? 1)]),
    round(x, grid) {
      const data = x.data.slice();
      const size = grid.per === "row" ? x.shape[x.shape.length - 1] : data.length / x.shape[0];
      for (let from = 0; from < data.length; from += size) roundTogether(data.subarray(from, from + size), grid);
      return { shape: x.shape, data };
    },
    positive: (x) => map(x, (value) => (value > 0 ? 1 : 0)),
    relu: (x) => map(x, (value) => Math.max(value, 0)),
    tanh: (x) => map(x, Math.tanh),
    sigmoid: (x) => map(x, (value) => 1 / (1 + Math.exp(-value))),
    erf: (x) => map(x, erf),
    exp: (x) => map(x, Math.exp),
    inverseSqrt: (x) => map(x, (value) => 1 / Math.sqrt(value)),
    sum: (x) => mapRows(x, 1, (row, out) => void (out[0] = total(row))),
    mean: (x) => mapRows(x, 1, (row, out) => void (out[0] = total(row) / row.length)),
    softmax: (x) =>
      mapRows(x, x.shape[x.shape.length - 1], (row, out) => {
        const top = Math.max(...row);
        row.forEach((value, i) => (out[i] = Math.exp(value - top)));
        const sum = total(out);
        out.forEach((value, i) => (out[i] = value / sum));
      }),
    logSumExp: (x) =>
      mapRows(x, 1, (row, out) => {
        const top = Math.max(...row);
        out[0] = top + Math.log(total(row.map((value) => Math.exp(value - top))));
      }),
    concat(values) {
      const rows = values.reduce((sum, { shape }) => sum + shape[0], 0);
      return tensor(
        [rows, ...values[0].shape.slice(1)],
        values.flatMap(({ data }) => [...data]),
      );
    },
    first: ({ shape, data }) => tensor([1, ...shape.slice(1)], data.subarray(0, data.length / shape[0])),
    rest: ({ shape, data }) => tensor([shape[0] - 1, ...shape.slice(1)], data.subarray(data.length / shape[0])),
    splitHeads({ shape: [leading, , width], data }, groups, perGroup) {
      const size = width / groups / perGroup;
      const shape = [leading, texts, groups, perGroup, longest, size];
      return generate(shape, (i) => {
        const [r, b, group, member, t, h] = unravel(i, shape);
        return data[(r * tokens + packed(b, t)) * width + (group * perGroup + member) * size + h];
      });
    },
    mergeHeads({ shape: [leading, , groups, perGroup, , size], data }) {
      const rows = lengths.flatMap((length, b) => Array.from({ length }, (_, t) => [b, t] as const));
      const shape = [leading, tokens, groups, perGroup, size];
      const merged = generate(shape, (i) => {
        const [r, row, group, member, h] = unravel(i, shape);
        const [b, t] = rows[row];
        return data[((((r * texts + b) * groups + group) * perGroup + member) * longest + t) * size + h];
      });
      return { shape: [leading, tokens, groups * perGroup * size], data: merged.data };
    },
    rotate({ shape, data }, { frequencies, factor }) {
      const half = frequencies.length;
      return generate(shape, (i) => {
        const h = i % (2 * half);
        const position = Math.floor(i / (2 * half)) % longest;
        const angle = position * frequencies[h % half];
        const partner = h < half ? -data[i + half] : data[i - half];
        return factor * (data[i] * Math.cos(angle) + partner * Math.sin(angle));
      });
    },
    mask({ shape, data }, { causal, window }) {
      return generate(shape, (i) => {
        const [, b, , , from, to] = unravel(i, shape);
        const seen = to < lengths[b] && !(causal && to > from) && !(window !== null && from - to >= window);
        return data[i] + (seen ? 0 : -1e9);
      });
    },
    meanPool: (x) =>
      generate([x.shape[0], texts, x.shape[2]], (i) => {
        const [r, b, h] = unravel(i, [x.shape[0], texts, x.shape[2]]);
        let sum = 0;
        for (let t = 0; t < lengths[b]; t++) sum += x.data[(r * tokens + starts[b] + t) * x.shape[2] + h];
        return sum / lengths[b];
      }),
    takeScored: (x) => takeRows(x, scored),
    takeTargets: ({ shape: [leading, count, width], data }) =>
      generate([leading, count, 1], (i) => {
        const { target } = places[i % count];
        return data[i * width + (target ?? fail("batch.targets", "a token for each scored position", "none"))];
      }),
  };
}

/** The indices of flat position i in an array of this shape. */
function unravel(i: number, shape: readonly number[]): number[] {
  const indices = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    indices[axis] = i % shape[axis];
    i = Math.floor(i / shape[axis]);
  }
  return indices;
}

function total(row: Float64Array): number {
  let sum = 0;
  for (const value of row) sum += value;
  return sum;
}
