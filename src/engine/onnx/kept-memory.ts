import { fail } from "../../check/check";
import type { Dimension, Shape } from "../../ops/shape";
import { formatBytes } from "../../weights/memory";
import { freeMemory } from "../free-memory";
import type { Geometry } from "./geometry";

/** What is kept lies once in ONNX Runtime and once as it is handed to a graph of the way back. */
const COPIES = 2;

/**
 * Gives the bytes of these fp32 values on a batch.
 * @example keptBytes([[1, "T", 4]], packBatch({ ids: [[5, 6], [7]] })) // 48
 */
export function keptBytes(shapes: Iterable<Shape>, { tokens, texts, longest, scored }: SizedBatch): number {
  // Rows of a table that a batch takes: no more than it has tokens, or places.
  const rows = { rowIds: tokens, rowPositions: longest };
  const sizes: Readonly<Record<string, number>> = { T: tokens, B: texts, S: longest, K: scored.length, ...rows };
  const sizeOf = (size: Dimension): number =>
    typeof size === "number"
      ? size
      : size
          .split("*")
          .reduce((all, name) => all * (sizes[name] ?? (Number(name) || fail("shape", "a size of a batch", size))), 1);
  let bytes = 0;
  for (const shape of shapes) bytes += shape.reduce<number>((all, size) => all * sizeOf(size), 4);
  return bytes;
}

type SizedBatch = Pick<Geometry, "tokens" | "texts" | "longest"> & { readonly scored: { readonly length: number } };

/** What a gradient holds of a batch: what the way forward keeps, and what the way back makes in each piece between two hidden states. */
export interface GradientHolds {
  readonly kept: ReadonlyMap<string, Shape>;
  readonly made: readonly (readonly Shape[])[];
  /** Null or absent: the way back has graphs of its own. */
  readonly together?: object | null;
}

/**
 * Gives the bytes that a gradient of a batch takes: what is kept, twice where it goes from graph to graph, and the most that a piece of the way back makes.
 * @example gradientBytes({ kept: new Map([["x", ["T", 4]]]), made: [[["T", 2]], [["T", 3], ["B"]]] }, packBatch({ ids: [[5, 6], [7]] })) // 140
 */
export function gradientBytes({ kept, made, together }: GradientHolds, geometry: SizedBatch): number {
  const most = made.reduce((all, shapes) => Math.max(all, keptBytes(shapes, geometry)), 0);
  return (together ? 1 : COPIES) * keptBytes(kept.values(), geometry) + most;
}

/**
 * Refuses a gradient of a batch whose values would not fit, before any of it is computed.
 * @param granted bytes that gradients of the session have had already: the engine has kept them for the next one
 * @param freeBytes what may be taken for it; default: what is free now besides `granted`. Infinity: no check
 * @param recompute whether the way back computes again what it can already: else that is a way out
 * @returns the bytes granted now
 * @throws "batch: needs about 3.1 GB to keep what a gradient of 512 tokens needs, 1.2 GB free: give at most 2 texts of 128 tokens ..."
 */
export function requireKept(
  holds: GradientHolds,
  geometry: SizedBatch,
  granted: number,
  freeBytes: number = freeMemory() + granted,
  recompute = false,
): number {
  const needed = gradientBytes(holds, geometry);
  if (needed <= freeBytes) return Math.max(needed, granted);
  const { texts, longest, tokens } = geometry;
  const ofTexts = (count: number): number => {
    const scored = { length: count * Math.ceil(geometry.scored.length / texts) };
    return gradientBytes(holds, { texts: count, longest, tokens: count * longest, scored });
  };
  let fitting = texts - 1;
  while (fitting > 0 && ofTexts(fitting) > freeBytes) fitting--;
  const instead =
    fitting > 0
      ? `take at most ${fitting} such text${fitting === 1 ? "" : "s"} a batch and the mean of ${Math.ceil(texts / fitting)} batches' gradients (parts: ${Math.ceil(texts / fitting)} of a method that has them)`
      : `take texts of fewer tokens`;
  throw new Error(
    `batch: a gradient of ${texts} texts of up to ${longest} tokens (${tokens} in all) needs about ${formatBytes(needed)} for what its way back reads and makes, ` +
      `${formatBytes(freeBytes)} free: ${recompute ? "" : "open the session with recompute: true (time of one forward pass more), "}${instead}, or pass freeBytes: Infinity to try all the same`,
  );
}
