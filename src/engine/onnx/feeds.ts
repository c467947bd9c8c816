import type { Adapter } from "../../adapter/adapter";
import { fail, sameLength } from "../../check/check";
import { poolMatrix, turns } from "../batch-tables";
import { stackRows } from "../rows";
import type { Geometry } from "./geometry";
import type { Feeds } from "./low-ops";

/** A graph input's value as it travels to the worker. */
export interface FeedTensor {
  readonly type: "float32" | "int32" | "int64";
  readonly dims: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array;
}

/**
 * Gives the inputs of one run, by name: only those that the graph declares. They may be used again for other points on the same batch.
 * @param points R, the leading axis of the trainable parameters
 * @param ids the points' own tokens [R, T], where they differ; default: the batch's, for all of them
 */
export function feedsFor(
  wanted: ReadonlySet<string>,
  needs: Feeds,
  geometry: Geometry,
  points: number,
  ids?: Int32Array,
): Map<string, FeedTensor> {
  const { start, starts, texts: B, longest: S, tokens: T } = geometry;
  const out = new Map<string, FeedTensor>();
  const put = (name: string, make: () => FeedTensor): void => {
    if (wanted.has(name)) out.set(name, make());
  };
  const int64 = (values: ArrayLike<number>, dims: readonly number[]): FeedTensor => ({
    type: "int64",
    dims,
    data: BigInt64Array.from(Array.from(values), BigInt),
  });
  const int32 = (values: Int32Array, dims: readonly number[]): FeedTensor => ({ type: "int32", dims, data: values });
  const float32 = (data: Float32Array, dims: readonly number[]): FeedTensor => ({ type: "float32", dims, data });

  for (const { input, table, by } of needs.embeddings.values()) {
    const index = by === "token" ? (ids ?? geometry.ids) : geometry.positions;
    put(input, () => float32(table.rows(index), [index.length / T, T, table.shape[1]]));
  }
  put("unpack", () => int64(geometry.unpack, [B, S]));
  put("pack", () => int64(geometry.pack, [T]));
  put("ids", () => int64(geometry.ids, [T]));
  put("positions", () => int64(geometry.positions, [T]));
  put("scored", () => int64(geometry.scored, [geometry.scored.length]));
  put("flatRows", () => int64([0, B * S, -1], [3]));
  put("flatRows:1", () => int64([1, B * S, -1], [3]));
  put("flatRows:R", () => int64([points, B * S, -1], [3]));
  put("points", () => int64([points, 1, 1], [3]));
  put("longest", () => int32(Int32Array.of(start + S), []));
  const lengths = (copies: number, less: number): Int32Array =>
    Int32Array.from({ length: copies * B }, (_, i) => starts[i % B]! + (geometry.lengths[i % B] as number) - less);
  put("lengths:1", () => int32(lengths(1, 0), [B]));
  put("lengths:R", () => int32(lengths(points, 0), [points * B]));
  /** What is added to the scores of each text: 0 for its own tokens, and what leaves nothing of a probability for those filled in. */
  const outside = (copies: number): FeedTensor => {
    const bias = Float32Array.from({ length: B * S * S }, (_, i) =>
      i % S < (geometry.lengths[Math.floor(i / (S * S))] as number) ? 0 : -1e9,
    );
    const all = new Float32Array(copies * bias.length);
    for (let copy = 0; copy < copies; copy++) all.set(bias, copy * bias.length);
    return float32(all, [copies * B, 1, S, S]);
  };
  put("outsideText:1", () => outside(1));
  put("outsideText:R", () => outside(points));
  put("last:1", () => int32(lengths(1, 1), [B]));
  put("last:R", () => int32(lengths(points, 1), [points * B]));
  for (const name of wanted) {
    const [kind, size = ""] = name.split(":");
    if (kind === "textRows") out.set(name, int64([-1, S, Number(size)], [3]));
    if (kind === "targets") out.set(name, int64(targetPlaces(geometry, Number(size)), [geometry.scored.length]));
    if (kind === "causalMask")
      out.set(name, float32(causalMask(geometry, size === "all" ? Infinity : Number(size)), [S, start + S]));
  }
  put("paddingMask", () =>
    float32(
      Float32Array.from({ length: B * S }, (_, i) =>
        i % S < (geometry.lengths[Math.floor(i / S)] as number) ? 0 : -1e9,
      ),
      [B, 1, 1, 1, S],
    ),
  );
  put("insideText", () =>
    float32(
      Float32Array.from({ length: B * S }, (_, i) => (i % S < (geometry.lengths[Math.floor(i / S)] as number) ? 1 : 0)),
      [1, B, S, 1],
    ),
  );
  put("scoredMatrix", () => {
    const matrix = new Float32Array(geometry.scored.length * T);
    geometry.scored.forEach((row, k) => (matrix[k * T + row] = 1));
    return float32(matrix, [1, geometry.scored.length, T]);
  });
  put("targetIds", () => int64(targetsOf(geometry), [geometry.scored.length]));
  for (const [name, rows] of [
    ["rowIds", geometry.ids],
    ["rowPositions", geometry.positions],
  ] as const) {
    const each = [...new Set(rows)];
    put(name, () => int64(each, [each.length, 1]));
    put(`${name}:sum`, () => {
      const place = new Map(each.map((row, u) => [row, u]));
      const matrix = new Float32Array(each.length * T);
      rows.forEach((row, t) => (matrix[place.get(row)! * T + t] = 1));
      return float32(matrix, [1, each.length, T]);
    });
  }
  put("pool", () => float32(poolMatrix(geometry), [B, T]));
  for (const [name, rotary] of needs.rotations) {
    const half = rotary.frequencies.length;
    put(`cos:${name}`, () => float32(turns(S, rotary, Math.cos, 2, start), [S, 2 * half]));
    put(`sin:${name}`, () => float32(turns(S, rotary, Math.sin, 2, start), [S, 2 * half]));
    put(`cosHalf:${name}`, () => float32(turns(start + S, rotary, Math.cos, 1), [start + S, half]));
    put(`sinHalf:${name}`, () => float32(turns(start + S, rotary, Math.sin, 1), [start + S, half]));
  }
  return out;
}

/**
 * Gives the trainable inputs of a run, by name: theta [R, d] and directions [P, d] as wholes, or `theta:NAME` and `directions:NAME`
 * [rows, 1, ...shape] of a large adapter. All are copies, but for a single row in shared memory, which is read where it is.
 * @param memory to write copies to
 * @throws when a row has not the adapter's number of parameters
 */
export function trainableFeeds(
  wanted: ReadonlySet<string>,
  { layout, large }: Pick<Adapter, "layout" | "large">,
  given: { readonly points: readonly Float32Array[]; readonly directions: readonly Float32Array[] },
  memory: (length: number) => Float32Array,
): ReadonlyMap<string, FeedTensor> {
  const out = new Map<string, FeedTensor>();
  for (const [name, rows] of Object.entries(given)) {
    const prefix = name === "points" ? "theta" : name;
    rows.forEach((row, i) => sameLength(`${name}[${i}]`, row.length, layout.size));
    const put = (input: string, offset: number, shape: readonly number[]): void => {
      if (!wanted.has(input)) return;
      const size = shape.reduce((a, b) => a * b, 1);
      const views = rows.map((row) => row.subarray(offset, offset + size));
      const inPlace = views.length === 1 && views[0]?.buffer instanceof SharedArrayBuffer;
      const data = inPlace ? (views[0] as Float32Array) : stackRows(name, views, size, memory(rows.length * size));
      out.set(input, { type: "float32", dims: [rows.length, ...shape], data });
    };
    if (large) layout.entries.forEach((entry) => put(`${prefix}:${entry.name}`, entry.offset, [1, ...entry.shape]));
    else put(prefix, 0, [layout.size]);
  }
  return out;
}

/** Where each scored token's target stands in rows of `width` logits, one row after another. */
function targetPlaces(geometry: Geometry, width: number): readonly number[] {
  return Array.from(targetsOf(geometry), (target, k) => k * width + target);
}

function targetsOf({ targets }: Geometry): Int32Array {
  return targets ?? fail("batch.targets", "a token for each scored position", "none");
}

/** [S, start + S]: 0 where token `from` sees token `to`, which is one of the `window` tokens up to itself; -1e9 elsewhere. */
function causalMask({ start, longest }: Geometry, window: number): Float32Array {
  const all = start + longest;
  return Float32Array.from({ length: longest * all }, (_, i) => {
    const back = start + Math.floor(i / all) - (i % all);
    return back >= 0 && back < window ? 0 : -1e9;
  });
}
