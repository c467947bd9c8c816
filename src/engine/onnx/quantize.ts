import { nearestEven, stepsOf } from "../../ops/grid";
import type { Levels } from "../../ops/grid";

/**
 * Rounds rows of a weight matrix to few bits. All arithmetic is fp32 with ties to even, so that NumPy gives the same bytes.
 */

/** Rows [rows, width] as whole numbers, with one scale per row: w = scale q. */
export interface ChannelRows {
  /** [rows, width], each in -top..top. */
  readonly values: Int8Array;
  /** [rows] */
  readonly scales: Float32Array;
}

/**
 * Gives one scale per row: scale = max|w| / top, q = round(w / scale), so |w - scale q| <= scale / 2.
 * @param rows [rows, width] row-major
 * @param bits 8 (top = 127) or 7 (top = 63)
 * @example quantizeChannels(new Float32Array([1, -0.5]), 2, 8).values // [127, -64]
 */
export function quantizeChannels(rows: Float32Array, width: number, bits: 7 | 8): ChannelRows {
  return quantizeRows(rows, width, 2 ** (bits - 1) - 1);
}

function quantizeRows(rows: Float32Array, width: number, top: number): ChannelRows {
  const scales = new Float32Array(rows.length / width);
  const values = new Int8Array(rows.length);
  for (let r = 0; r < scales.length; r++) {
    const from = r * width;
    let largest = 0;
    for (let i = from; i < from + width; i++) largest = Math.max(largest, Math.abs(rows[i]!));
    const scale = (scales[r] = largest / top);
    if (!(scale > 0)) continue;
    for (let i = from; i < from + width; i++) values[i] = clamp(nearest(rows[i]!, scales[r]!), -top, top);
  }
  return { values, scales };
}

/**
 * Gives rows that were rounded to symmetric levels before as those levels: scale = max|w| / steps, q = w / scale to the nearest whole number.
 * @param rows [rows, width] row-major, each value a level of its row
 * @example levelsOf(new Float32Array([3, -1, 0]), 3, { bits: 3, range: "symmetric" }).values // [3, -1, 0]
 */
export function levelsOf(rows: Float32Array, width: number, levels: Levels): ChannelRows {
  return quantizeRows(rows, width, stepsOf(levels));
}

/** Rows as numbers 0..15 in blocks along the row: w = scale (q - zero). */
export interface BlockRows {
  /** Two values a byte, the earlier one in the low half: [rows, blocks, block / 2]; a row's last block is filled up with zeros. */
  readonly values: Uint8Array;
  /** [rows, blocks] */
  readonly scales: Float32Array;
  /** Two a byte, the earlier one in the low half: [rows, ceil(blocks / 2)]; null: all 8. */
  readonly zeros: Uint8Array | null;
}

/**
 * Writes weights in 4 bits each, with a scale per block along the row.
 * - without zero points: scale = m / -8 with m the weight of largest magnitude, zero = 8; |w - ...| <= |scale|
 * - with: scale = (max(w, 0) - min(w, 0)) / 15, zero = round(-min / scale); |w - ...| <= scale / 2
 * @param rows [rows, width] row-major
 */
export function quantizeBlocks(rows: Float32Array, width: number, block: number, zeroPoints: boolean): BlockRows {
  const count = rows.length / width;
  const blocks = Math.ceil(width / block);
  const zeroBytes = Math.ceil(blocks / 2);
  const scales = new Float32Array(count * blocks);
  const values = new Uint8Array((count * blocks * block) / 2);
  const zeros = zeroPoints ? new Uint8Array(count * zeroBytes) : null;
  for (let r = 0; r < count; r++) {
    for (let b = 0; b < blocks; b++) {
      const from = r * width + b * block;
      const size = Math.min(block, width - b * block);
      let [least, most] = [0, 0];
      for (let i = from; i < from + size; i++) {
        least = Math.min(least, rows[i]!);
        most = Math.max(most, rows[i]!);
      }
      const at = r * blocks + b;
      scales[at] = zeros ? Math.fround(most - least) / 15 : (-least >= most ? least : most) / -8;
      const scale = scales[at]!;
      const zero = zeros && scale > 0 ? clamp(nearest(-least, scale), 0, 15) : zeros ? 0 : 8;
      if (zeros) zeros[r * zeroBytes + (b >> 1)]! |= zero << (4 * (b & 1));
      const to = (at * block) / 2;
      for (let i = 0; i < block; i++) {
        const q = i < size && scale !== 0 ? clamp(nearest(rows[from + i]!, scale) + zero, 0, 15) : zero;
        values[to + (i >> 1)]! |= q << (4 * (i & 1));
      }
    }
  }
  return { values, scales, zeros };
}

/**
 * Writes levels -7..7 in 4 bits each: every block has its row's scale, and 8 stands for 0.
 * @param zeroPoints whether the 8 is written for each block, or left to be understood
 */
export function blocksOfLevels(
  { values: levels, scales: rowScales }: ChannelRows,
  width: number,
  block: number,
  zeroPoints: boolean,
): BlockRows {
  const count = rowScales.length;
  const blocks = Math.ceil(width / block);
  const scales = new Float32Array(count * blocks);
  const values = new Uint8Array((count * blocks * block) / 2).fill(0x88);
  for (let r = 0; r < count; r++) {
    scales.fill(rowScales[r]!, r * blocks, (r + 1) * blocks);
    for (let i = 0; i < width; i++) {
      const at = r * blocks * block + i;
      const shift = 4 * (at & 1);
      values[at >> 1] = (values[at >> 1]! & ~(15 << shift)) | ((levels[r * width + i]! + 8) << shift);
    }
  }
  return { values, scales, zeros: zeroPoints ? new Uint8Array(count * Math.ceil(blocks / 2)).fill(0x88) : null };
}

function nearest(value: number, scale: number): number {
  return nearestEven(Math.fround(value / scale));
}

function clamp(value: number, least: number, most: number): number {
  return value < least ? least : value > most ? most : value;
}
