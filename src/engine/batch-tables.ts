import type { Rotary } from "../ops/ops";
import type { Geometry } from "./onnx/geometry";

/** Gives the mean over each text's tokens as a matrix [B, T]. */
export function poolMatrix({ texts, tokens, lengths }: Geometry): Float32Array {
  const pool = new Float32Array(texts * tokens);
  let row = 0;
  lengths.forEach((length, b) => {
    pool.fill(1 / length, b * tokens + row, b * tokens + row + length);
    row += length;
  });
  return pool;
}

/**
 * Computes factor * f(position * frequency) [S, copies * frequencies], the frequencies repeated `copies` times along the last axis.
 * @param S how many positions
 * @param start the first of them, default 0
 */
export function turns(
  S: number,
  { frequencies, factor }: Rotary,
  f: (angle: number) => number,
  copies: number,
  start: number = 0,
): Float32Array {
  const half = frequencies.length;
  return Float32Array.from({ length: S * half * copies }, (_, at) => {
    const position = start + Math.floor(at / (half * copies));
    return factor * f(position * frequencies[at % half]);
  });
}
