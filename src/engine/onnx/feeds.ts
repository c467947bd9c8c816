import type { Geometry } from "./geometry";
import type { Feeds } from "./low-ops";

/** A graph input's value as it travels to the worker. */
export interface FeedTensor {
  readonly type: "float32" | "int32" | "int64";
  readonly dims: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array;
}

/**
 * The inputs of one run, by name: only those that the graph declares. They may be used again for other points on the same batch.
 * @param points R, the leading axis of the trainable parameters
 */
export function feedsFor(
  wanted: ReadonlySet<string>,
  needs: Feeds,
  geometry: Geometry,
  points: number,
): Map<string, FeedTensor> {
  const { texts: B, longest: S, tokens: T } = geometry;
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
    const index = by === "token" ? geometry.ids : geometry.positions;
    put(input, () => float32(table.rows(index), [1, T, table.shape[1]]));
  }
  put("unpack", () => int64(geometry.unpack, [B, S]));
  put("pack", () => int64(geometry.pack, [T]));
  put("scored", () => int64(geometry.scored, [B]));
  put("flatRows", () => int64([0, B * S, -1], [3]));
  put("flatRows:1", () => int64([1, B * S, -1], [3]));
  put("flatRows:R", () => int64([points, B * S, -1], [3]));
  put("points", () => int64([points, 1, 1], [3]));
  put("longest", () => int32(Int32Array.of(S), []));
  const lengths = (copies: number, less: number): Int32Array =>
    Int32Array.from({ length: copies * B }, (_, i) => (geometry.lengths[i % B] as number) - less);
  put("lengths:1", () => int32(lengths(1, 0), [B]));
  put("lengths:R", () => int32(lengths(points, 0), [points * B]));
  put("last:1", () => int32(lengths(1, 1), [B]));
  put("last:R", () => int32(lengths(points, 1), [points * B]));
  for (const name of wanted) {
    if (name.startsWith("textRows:")) out.set(name, int64([-1, S, Number(name.slice(9))], [3]));
  }
  put("causalMask", () =>
    float32(
      Float32Array.from({ length: S * S }, (_, i) => (i % S > Math.floor(i / S) ? -1e9 : 0)),
      [S, S],
    ),
  );
  put("paddingMask", () =>
    float32(
      Float32Array.from({ length: B * S }, (_, i) =>
        i % S < (geometry.lengths[Math.floor(i / S)] as number) ? 0 : -1e9,
      ),
      [B, 1, 1, 1, S],
    ),
  );
  put("pool", () => float32(poolMatrix(geometry), [B, T]));
  for (const [key, { headSize, base }] of needs.rotations) {
    put(`cos:${key}`, () => float32(angles(S, headSize, base, Math.cos, 2), [S, headSize]));
    put(`sin:${key}`, () => float32(angles(S, headSize, base, Math.sin, 2), [S, headSize]));
    put(`cosHalf:${key}`, () => float32(angles(S, headSize, base, Math.cos, 1), [S, headSize / 2]));
    put(`sinHalf:${key}`, () => float32(angles(S, headSize, base, Math.sin, 1), [S, headSize / 2]));
  }
  return out;
}

/** Mean over each text's tokens as a matrix [B, T]. */
function poolMatrix({ texts, tokens, lengths }: Geometry): Float32Array {
  const pool = new Float32Array(texts * tokens);
  let row = 0;
  lengths.forEach((length, b) => {
    pool.fill(1 / length, b * tokens + row, b * tokens + row + length);
    row += length;
  });
  return pool;
}

/** f(position * base^(-2i/headSize)) for i < headSize/2, repeated `copies` times along the last axis. */
function angles(S: number, headSize: number, base: number, f: (angle: number) => number, copies: number): Float32Array {
  const half = headSize / 2;
  return Float32Array.from({ length: S * half * copies }, (_, at) => {
    const position = Math.floor(at / (half * copies));
    return f(position * base ** ((-2 * (at % half)) / headSize));
  });
}
