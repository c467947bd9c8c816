import { unreachable } from "../../check/check";
import { stepsOf } from "../../ops/grid";
import type { FrozenMatrix, StoredBlocks } from "../../ops/ops";
import { rowBlocks, rowIndices } from "../row-blocks";
import { FLOAT, INT8, UINT8 } from "./graph";
import type { ElementType } from "./graph";
import type { BlockOptions, Precision } from "./precision";
import { blocksOfLevels, levelsOf, quantizeBlocks, quantizeChannels, type ChannelRows } from "./quantize";

/** One tensor of an encoded matrix, row-major. */
export interface Part {
  readonly name: "values" | "scales" | "zeros";
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/** Bytes of one part; the pieces of a part come in order. */
export interface Piece {
  readonly part: Part;
  readonly bytes: Uint8Array;
}

/** How a frozen matrix lies in the weight file. Rows are read and encoded block by block: never a whole fp32 matrix, let alone a model. */
export interface Encoding {
  readonly form: Form;
  readonly parts: readonly Part[];
  /** The codes are the matrix's own levels, which it was rounded to before: nothing is rounded again. */
  readonly levels?: true;
  pieces(): Iterable<Piece>;
}

export type Form =
  | { readonly kind: "floats" }
  /** int8 [out, in], a scale per row. */
  | { readonly kind: "channels" }
  /** int8 [in, out], a scale per column: what integer products take. */
  | { readonly kind: "columns" }
  /** Blocks along the row, as MatMulNBits takes them. */
  | {
      readonly kind: "blocks";
      readonly bits: 4 | 8;
      readonly block: number;
      readonly zeros: boolean;
      readonly rounded: boolean;
    };

/** Gives the encoding of a matrix [out, in] at a precision. */
export function encodingOf(matrix: FrozenMatrix, precision: Precision): Encoding {
  switch (precision.kind) {
    case "fp32":
      return floats(matrix);
    case "int8":
      return channels(matrix);
    case "int4":
      return blocks(matrix, precision, false);
    case "int4-activations":
      return blocks(matrix, precision, true);
    case "int8-activations":
      return columns(matrix, precision.weightBits);
    case "file":
      return matrix.blocks ? asStored(matrix, matrix.blocks) : floats(matrix);
    default:
      return unreachable(precision);
  }
}

function floats(matrix: FrozenMatrix): Encoding {
  const values: Part = { name: "values", type: FLOAT, shape: matrix.shape };
  return {
    form: { kind: "floats" },
    parts: [values],
    *pieces() {
      for (const { rows } of rowBlocks(matrix)) yield { part: values, bytes: bytesOf(rows) };
    },
  };
}

/** Gives a matrix's own levels as whole numbers up to `most`, where it was rounded to so few; else null. */
function ownLevels(
  { rounded, shape: [, inputs] }: FrozenMatrix,
  most: number,
): ((rows: Float32Array) => ChannelRows) | null {
  if (rounded?.range !== "symmetric" || stepsOf(rounded) > most) return null;
  return (rows) => levelsOf(rows, inputs, rounded);
}

function channels(matrix: FrozenMatrix): Encoding {
  const [outputs, inputs] = matrix.shape;
  const values: Part = { name: "values", type: INT8, shape: matrix.shape };
  const scales: Part = { name: "scales", type: FLOAT, shape: [outputs] };
  const own = ownLevels(matrix, 127);
  return {
    ...(own && { levels: true as const }),
    form: { kind: "channels" },
    parts: [values, scales],
    *pieces() {
      for (const { rows } of rowBlocks(matrix)) {
        const encoded = own?.(rows) ?? quantizeChannels(rows, inputs, 8);
        yield { part: values, bytes: bytesOf(encoded.values) };
        yield { part: scales, bytes: bytesOf(encoded.scales) };
      }
    },
  };
}

function columns(matrix: FrozenMatrix, bits: 7 | 8): Encoding {
  const [outputs, inputs] = matrix.shape;
  const values: Part = { name: "values", type: INT8, shape: [inputs, outputs] };
  const scales: Part = { name: "scales", type: FLOAT, shape: [outputs] };
  const own = ownLevels(matrix, 2 ** (bits - 1) - 1);
  return {
    ...(own && { levels: true as const }),
    form: { kind: "columns" },
    parts: [values, scales],
    *pieces() {
      const turned = new Int8Array(inputs * outputs);
      for (const { rows, first } of rowBlocks(matrix)) {
        const encoded = own?.(rows) ?? quantizeChannels(rows, inputs, bits);
        const count = encoded.scales.length;
        for (let i = 0; i < inputs; i++)
          for (let r = 0; r < count; r++) turned[i * outputs + first + r] = encoded.values[r * inputs + i]!;
        yield { part: scales, bytes: bytesOf(encoded.scales) };
      }
      yield { part: values, bytes: bytesOf(turned) };
    },
  };
}

function blocks(matrix: FrozenMatrix, { block, zeroPoints }: BlockOptions, rounded: boolean): Encoding {
  const [outputs, inputs] = matrix.shape;
  const count = Math.ceil(inputs / block);
  const zeroBytes = Math.ceil(count / 2);
  const values: Part = { name: "values", type: UINT8, shape: [outputs, count, block / 2] };
  const scales: Part = { name: "scales", type: FLOAT, shape: [outputs * count] };
  const zeros: Part = { name: "zeros", type: UINT8, shape: [outputs * zeroBytes] };
  const own = ownLevels(matrix, 7);
  return {
    ...(own && { levels: true as const }),
    form: { kind: "blocks", bits: 4, block, zeros: zeroPoints, rounded },
    parts: zeroPoints ? [values, scales, zeros] : [values, scales],
    *pieces() {
      for (const { rows } of rowBlocks(matrix)) {
        const encoded = own
          ? blocksOfLevels(own(rows), inputs, block, zeroPoints)
          : quantizeBlocks(rows, inputs, block, zeroPoints);
        yield { part: values, bytes: encoded.values };
        yield { part: scales, bytes: bytesOf(encoded.scales) };
        if (encoded.zeros) yield { part: zeros, bytes: encoded.zeros };
      }
    },
  };
}

/**
 * The file's own codes and scales, exactly. A block's offset m becomes the fp32 zero point -m / d, so that d (q - zero) is d q + m to one
 * rounding of the zero point; where d = 0 it becomes 1 (0 + m).
 */
function asStored(matrix: FrozenMatrix, { bits, size, zero, codes }: StoredBlocks): Encoding {
  const [outputs, inputs] = matrix.shape;
  const count = inputs / size;
  const values: Part = { name: "values", type: UINT8, shape: [outputs, count, (size * bits) / 8] };
  const scales: Part = { name: "scales", type: FLOAT, shape: [outputs * count] };
  const zeros: Part = { name: "zeros", type: FLOAT, shape: [outputs * count] };
  return {
    form: { kind: "blocks", bits, block: size, zeros: zero === null, rounded: false },
    parts: zero === null ? [values, scales, zeros] : [values, scales],
    *pieces() {
      for (const rows of rowIndices(matrix)) {
        const found = codes(rows);
        if (zero === null) {
          const points = found.offsets.map((offset, b) => {
            const scale = found.scales[b]!;
            if (scale !== 0) return -offset / scale;
            found.scales[b] = 1;
            found.values.fill(0, b * size, (b + 1) * size);
            return -offset;
          });
          yield { part: zeros, bytes: bytesOf(points) };
        }
        yield { part: values, bytes: bits === 8 ? found.values : inPairs(found.values) };
        yield { part: scales, bytes: bytesOf(found.scales) };
      }
    },
  };
}

/** Two codes a byte, the earlier one in the low half. */
function inPairs(codes: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: codes.length / 2 }, (_, i) => codes[2 * i]! | (codes[2 * i + 1]! << 4));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
