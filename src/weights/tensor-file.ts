import { createHash } from "node:crypto";
import { fail } from "../check/check";
import type { FrozenMatrix, FrozenVector } from "../ops/ops";
import type { Weights } from "../model/model";
import type { RangeFile } from "./range-file";
import type { StoredType } from "./stored-type";

/** One tensor of a file: where it lies and how. */
export interface StoredTensor {
  readonly name: string;
  /** Axes in row-major order, the last one contiguous. */
  readonly shape: readonly number[];
  /** null: a type that holds no weights (for example I64 position ids); its name is then known, but not readable. */
  readonly type: StoredType | null;
  readonly typeName: string;
  /** From the beginning of the file. */
  readonly offset: number;
  readonly bytes: number;
  /** Row r of the exposed matrix is row `row(r)` of the file; absent: the same. */
  readonly row?: (index: number) => number;
}

/** Every value of a tensor, decoded, rows in the exposed order. */
export function readTensor(file: RangeFile, tensor: StoredTensor): Float32Array {
  return tensor.type
    ? readAll(file, tensor, tensor.type)
    : fail(tensor.name, "floating-point weights", tensor.typeName);
}

/** Weights over the tensors of one file, read when asked for. Everything about the tensors' places was checked before. */
export function weightsOf(file: RangeFile, tensors: readonly StoredTensor[], dataStart: number): Weights {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));

  function readable(
    name: string,
    shape: readonly number[],
  ): { readonly tensor: StoredTensor; readonly type: StoredType } {
    const tensor = byName.get(name) ?? fail(`${file.path}: tensor`, `one of ${sample(tensors)}`, name);
    if (tensor.type === null) return fail(`${file.path}: ${name}`, "floating-point weights", tensor.typeName);
    const same = tensor.shape.length === shape.length && tensor.shape.every((axis, i) => axis === shape[i]);
    if (!same) fail(`${file.path}: shape of ${name}`, JSON.stringify(shape), tensor.shape);
    return { tensor, type: tensor.type };
  }

  return {
    id: fingerprint(file, tensors, dataStart),
    names: () => tensors.filter(({ type }) => type !== null).map(({ name }) => name),
    has: (name) => (byName.get(name)?.type ?? null) !== null,
    matrix(name, shape): FrozenMatrix {
      const { tensor, type } = readable(name, shape);
      return {
        name,
        shape,
        read: () => readAll(file, tensor, type),
        rows: (indices) => readRows(file, tensor, type, shape, indices),
      };
    },
    vector(name, size): FrozenVector {
      const { tensor, type } = readable(name, [size]);
      return { name, shape: [size], read: () => readAll(file, tensor, type) };
    },
  };
}

function readAll(file: RangeFile, tensor: StoredTensor, type: StoredType): Float32Array {
  const values = new Float32Array(tensor.shape.reduce((a, b) => a * b, 1));
  let done = 0;
  file.stream(tensor.offset, tensor.bytes, type.bytes, (piece) => {
    const count = (piece.length / type.bytes) * type.values;
    type.decode(piece, values.subarray(done, done + count));
    done += count;
  });
  const { row } = tensor;
  if (!row) return values;
  const [rows, width] = [tensor.shape[0]!, values.length / tensor.shape[0]!];
  const ordered = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) ordered.set(values.subarray(row(r) * width, (row(r) + 1) * width), r * width);
  return ordered;
}

function readRows(
  file: RangeFile,
  tensor: StoredTensor,
  type: StoredType,
  [rows, width]: readonly [number, number],
  indices: ArrayLike<number>,
): Float32Array {
  const rowBytes = (width / type.values) * type.bytes;
  const offsets = Array.from(indices, (index) => {
    if (!(Number.isInteger(index) && index >= 0 && index < rows)) {
      fail(`row of ${tensor.name}`, `an integer from 0 to ${rows - 1}`, index);
    }
    return tensor.offset + (tensor.row ? tensor.row(index) : index) * rowBytes;
  });
  const values = new Float32Array(offsets.length * width);
  type.decode(file.gather(offsets, rowBytes), values);
  return values;
}

/**
 * What a file is known by: SHA-256 over its size, all bytes before the tensor data (names, types, shapes, metadata), and the
 * first and last 1024 bytes of every tensor. Milliseconds for a file of any size; another training run of the same
 * architecture changes every tensor, so it changes the fingerprint. It does not prove that no byte in between was altered.
 */
function fingerprint(file: RangeFile, tensors: readonly StoredTensor[], dataStart: number): string {
  const hash = createHash("sha256").update(`${file.size}\n`);
  file.stream(0, dataStart, 1, (piece) => hash.update(piece));
  for (const { offset, bytes } of tensors) {
    const length = Math.min(1024, bytes);
    hash.update(file.bytes(offset, length)).update(file.bytes(offset + bytes - length, length));
  }
  return hash.digest("hex");
}

function sample(tensors: readonly StoredTensor[]): string {
  return tensors.length === 0
    ? "no tensors at all"
    : `${tensors
        .slice(0, 4)
        .map(({ name }) => name)
        .join(", ")}, ...`;
}
