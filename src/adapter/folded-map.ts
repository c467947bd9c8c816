import { fail, sameLength } from "../check/check";
import type { Site } from "../ops/site";
import { matrix, multiply } from "../tt/matrix";
import { view } from "../tree/layout";
import type { Layout } from "../tree/layout";
import type { LinearAdapterSpec } from "./adapter";
import { LINEAR_PARTS } from "./linear";
import { seats } from "./placement";
import type { BottleneckSeat } from "./placement";

/** A map s F [width, width], row by row as it multiplies a column, that an adapter adds at a seat: A(h) = (I + s F) h. */
export interface AddedMap extends BottleneckSeat {
  readonly map: Float64Array;
}

/**
 * Gives what a linear adapter adds at each of its seats, multiplied out in float64.
 * For example `addedMaps(adapter.spec, model.sites, adapter.layout, point)[0].map.length`: the width squared.
 * @throws when the point does not fit the layout or holds a number that is not finite, naming the tensor
 */
export function addedMaps(
  spec: LinearAdapterSpec,
  sites: readonly Site[],
  layout: Layout,
  point: Float32Array,
): readonly AddedMap[] {
  sameLength("point", point.length, layout.size);
  const finite = (name: string): Float32Array => {
    const data = view(layout, point, name);
    const bad = data.findIndex((value) => !Number.isFinite(value));
    return bad < 0 ? data : fail(`${name}[${bad}]`, "a finite number (did the run diverge?)", data[bad]);
  };
  return seats(spec, sites).map((seat) => {
    const { site, width } = seat;
    const part = (which: keyof typeof LINEAR_PARTS): Float32Array => finite(`${site}.${LINEAR_PARTS[which]}`);
    const [s] = part("scale") as unknown as readonly [number];
    const from = (): ArrayLike<number> => {
      if (spec.rank === "full") return part("map");
      const { rank } = spec;
      return multiply(matrix(width, rank, part("down")), matrix(rank, width, part("up"))).data;
    };
    const stored = from();
    const map = new Float64Array(width * width);
    for (let i = 0; i < width; i++) for (let j = 0; j < width; j++) map[i * width + j] = s * stored[j * width + i]!;
    return { ...seat, map };
  });
}

/**
 * Computes the rows of (I + M) X in float64: a linear map M [n, n] put into what stands before it, a weight X [n, columns] or its bias [n, 1].
 * @example foldedAfter(Float64Array.of(0, 1, 0, 0), Float32Array.of(1, 2), 1) // Float64Array [3, 2]
 */
export function foldedAfter(map: Float64Array, before: ArrayLike<number>, columns: number): Float64Array {
  const rows = before.length / columns;
  sameLength("map", map.length, rows * rows);
  const out = Float64Array.from(before);
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < rows; k++) {
      const factor = map[i * rows + k]!;
      if (factor === 0) continue;
      for (let j = 0; j < columns; j++) out[i * columns + j]! += factor * before[k * columns + j]!;
    }
  return out;
}

/**
 * Computes X (I + M) in float64: a linear map M [n, n] put into the weight X [rows, n] that stands after it.
 * @example foldedBefore(Float64Array.of(0, 1, 0, 0), Float32Array.of(1, 2)) // Float64Array [1, 3]
 */
export function foldedBefore(map: Float64Array, after: ArrayLike<number>): Float64Array {
  const width = Math.round(Math.sqrt(map.length));
  const out = Float64Array.from(after);
  for (let i = 0; i * width < after.length; i++)
    for (let k = 0; k < width; k++) {
      const factor = after[i * width + k]!;
      for (let j = 0; j < width; j++) out[i * width + j]! += factor * map[k * width + j]!;
    }
  return out;
}
