import { positiveInteger } from "../check/check";
import { scoredPlaces } from "./scored";
import type { Features, TokenBatch } from "./session";

/** Texts of similar length, computed together, and where each row of their features stands among the batch's. */
export interface Bucket {
  readonly batch: TokenBatch;
  readonly places: readonly number[];
}

/**
 * Cuts a batch into at most `count` buckets of similar length, the shortest texts first, so that attention pads less: the cut is the
 * one with the fewest padded places, sum over buckets of texts x longest^2. A batch of equal lengths stays whole.
 * @example bucketsOf({ ids: [[1, 2, 3, 4], [5], [6]] }, 2).map(({ places }) => places) // [[1, 2], [0]]
 * @throws when the count is not a positive integer
 */
export function bucketsOf(batch: TokenBatch, count: number): readonly Bucket[] {
  positiveInteger("buckets", count);
  const order = batch.ids.map((_, place) => place).sort((a, b) => lengthAt(batch, a) - lengthAt(batch, b) || a - b);
  const rows = scoredPlaces(batch).map(({ text }) => text);
  if (count === 1 || order.length < 2) return [{ batch, places: rows.map((_, row) => row) }];
  const lengths = order.map((place) => lengthAt(batch, place));
  return cuts(lengths, count).map(([from, to]): Bucket => {
    const texts = order.slice(from, to).sort((a, b) => a - b);
    const of = <V>(values: readonly V[]): readonly V[] => texts.map((text) => values[text] as V);
    const { ids, scored, targets } = batch;
    return {
      places: texts.flatMap((text) => rows.flatMap((owner, row) => (owner === text ? [row] : []))),
      batch: { ids: of(ids), ...(scored ? { scored: of(scored) } : {}), ...(targets ? { targets: of(targets) } : {}) },
    };
  });
}

/**
 * Gives the features of all buckets in the batch's own order: [points, K, H].
 * @param each one for each bucket, with equal points and width
 */
export function unbucketed(buckets: readonly Bucket[], each: readonly Features[]): Features {
  const [first] = each as [Features, ...Features[]];
  const texts = buckets.reduce((sum, { places }) => sum + places.length, 0);
  const { points, width } = first;
  const data = new Float32Array(points * texts * width);
  buckets.forEach(({ places }, b) => {
    const { data: part } = each[b] as Features;
    for (let p = 0; p < points; p++)
      places.forEach((place, i) => {
        const from = (p * places.length + i) * width;
        data.set(part.subarray(from, from + width), (p * texts + place) * width);
      });
  });
  return { data, points, texts, width };
}

function lengthAt(batch: TokenBatch, place: number): number {
  return batch.ids[place]?.length ?? 0;
}

/** The parts [from, to) of ascending lengths with the least sum of (to - from) longest^2; more parts only where they save something. */
function cuts(lengths: readonly number[], count: number): readonly (readonly [number, number])[] {
  const cost = (from: number, to: number): number => (to - from) * (lengths[to - 1] as number) ** 2;
  // best[k][n]: the least cost of the first n texts in at most k parts, and where the last part begins.
  let best = lengths.map((_, i) => ({
    cost: cost(0, i + 1),
    parts: [[0, i + 1] as const] as readonly (readonly [number, number])[],
  }));
  for (let k = 2; k <= count; k++) {
    best = best.map((now, i) => {
      let found = now;
      for (let from = 1; from <= i; from++) {
        const before = best[from - 1] as (typeof best)[number];
        if (before.parts.length >= k) continue;
        const total = before.cost + cost(from, i + 1);
        if (total < found.cost) found = { cost: total, parts: [...before.parts, [from, i + 1]] };
      }
      return found;
    });
  }
  return best.at(-1)?.parts ?? [];
}
