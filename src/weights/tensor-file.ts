import { createHash } from "node:crypto";
import { fail } from "../check/check";
import type { FrozenMatrix, FrozenVector, StoredBlocks } from "../ops/ops";
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

/** Gives every value of a tensor, decoded, rows in the exposed order. @throws when one is infinite or no number, naming file, tensor and place */
export function readTensor(file: RangeFile, tensor: StoredTensor): Float32Array {
  return tensor.type
    ? readAll(file, tensor, tensor.type)
    : fail(tensor.name, "floating-point weights", tensor.typeName);
}

/** A file with the tensors that lie in it. Everything about their places was checked before. */
export interface TensorFile {
  readonly file: RangeFile;
  readonly tensors: readonly StoredTensor[];
  /** Where the tensors' bytes begin. */
  readonly dataStart: number;
}

/**
 * Gives weights over the tensors of one file or of several parts of one model, read when asked for. Whatever is read is finite: a value that is
 * infinite or no number is an error that names file, tensor and place.
 * @throws when two parts have a tensor of the same name
 */
export function weightsOf(path: string, parts: readonly TensorFile[]): Weights {
  const byName = new Map<string, { readonly file: RangeFile; readonly tensor: StoredTensor }>();
  for (const { file, tensors } of parts)
    for (const tensor of tensors) {
      const other = byName.get(tensor.name);
      if (other)
        fail(`${file.path}: ${tensor.name}`, `a tensor that is not in ${other.file.path} already`, tensor.name);
      byName.set(tensor.name, { file, tensor });
    }

  function readable(
    name: string,
    shape: readonly number[],
  ): { readonly file: RangeFile; readonly tensor: StoredTensor; readonly type: StoredType } {
    const { file, tensor } = byName.get(name) ?? fail(`${path}: tensor`, `one of ${sample([...byName.keys()])}`, name);
    if (tensor.type === null) return fail(`${file.path}: ${name}`, "floating-point weights", tensor.typeName);
    const same = tensor.shape.length === shape.length && tensor.shape.every((axis, i) => axis === shape[i]);
    if (!same) fail(`${file.path}: shape of ${name}`, JSON.stringify(shape), tensor.shape);
    return { file, tensor, type: tensor.type };
  }

  return {
    id: fingerprint(parts),
    names: () => [...byName].filter(([, { tensor }]) => tensor.type !== null).map(([name]) => name),
    has: (name) => (byName.get(name)?.tensor.type ?? null) !== null,
    matrix(name, shape): FrozenMatrix {
      const { file, tensor, type } = readable(name, shape);
      return {
        name,
        shape,
        source: file.state,
        read: () => readAll(file, tensor, type),
        rows(indices) {
          const values = new Float32Array(indices.length * shape[1]);
          readRows(file, tensor, type, shape, indices, values);
          return values;
        },
        ...blocksOf(file, tensor, type, shape),
      };
    },
    vector(name, size): FrozenVector {
      const { file, tensor, type } = readable(name, [size]);
      return { name, shape: [size], read: () => readAll(file, tensor, type) };
    },
  };
}

/** Rows that are read at once where they must be put into another order. */
const BLOCK = 256;

function readAll(file: RangeFile, tensor: StoredTensor, type: StoredType): Float32Array {
  const values = new Float32Array(tensor.shape.reduce((a, b) => a * b, 1));
  if (tensor.row && values.length > 0) {
    const [rows, width = 1] = tensor.shape as [number, number?];
    for (let from = 0; from < rows; from += BLOCK) {
      const block = Array.from({ length: Math.min(BLOCK, rows - from) }, (_, i) => from + i);
      const part = values.subarray(from * width, (from + block.length) * width);
      readRows(file, tensor, type, [rows, width], block, part);
    }
    return values;
  }
  const width = tensor.shape.at(-1) ?? 1;
  let done = 0;
  file.stream(tensor.offset, tensor.bytes, type.bytes, (piece) => {
    const count = (piece.length / type.bytes) * type.values;
    const part = values.subarray(done, done + count);
    type.decode(piece, part);
    finite(file, tensor, part, (i) => [Math.floor((done + i) / width), (done + i) % width]);
    done += count;
  });
  return values;
}

/** @throws naming the first value that is infinite or no number by its row and column (`place` of its index) */
function finite(
  file: RangeFile,
  { name, shape }: StoredTensor,
  values: Float32Array,
  place: (index: number) => readonly [row: number, column: number],
): void {
  // x * 0 is 0 for every finite x, and NaN for every other: one sum finds them without a branch.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  if (sum === 0) return;
  const index = values.findIndex((value) => !Number.isFinite(value));
  const [row, column] = place(index);
  const at = shape.length > 1 ? `${row}, ${column}` : `${column}`;
  throw new Error(
    `${file.path}: ${name}[${at}]: expected a finite weight, got ${values[index]}; ` +
      "the file is damaged, or was saved by a run that diverged: nothing that is computed with it means anything",
  );
}

/** Decodes these rows into `target` [indices.length, width]. */
function readRows(
  file: RangeFile,
  tensor: StoredTensor,
  type: StoredType,
  [rows, width]: readonly [number, number],
  indices: ArrayLike<number>,
  target: Float32Array,
): void {
  type.decode(rowsAsStored(file, tensor, type, [rows, width], indices), target);
  finite(file, tensor, target, (i) => [indices[Math.floor(i / width)]!, i % width]);
}

/** These rows' bytes, one row after another. */
function rowsAsStored(
  file: RangeFile,
  tensor: StoredTensor,
  type: StoredType,
  [rows, width]: readonly [number, number],
  indices: ArrayLike<number>,
): Uint8Array {
  const rowBytes = (width / type.values) * type.bytes;
  const offsets = Array.from(indices, (index) => {
    if (!(Number.isInteger(index) && index >= 0 && index < rows)) {
      fail(`row of ${tensor.name}`, `an integer from 0 to ${rows - 1}`, index);
    }
    return tensor.offset + (tensor.row ? tensor.row(index) : index) * rowBytes;
  });
  return file.gather(offsets, rowBytes);
}

/** The matrix's own blocks, where its type has codes and its rows are whole blocks. */
function blocksOf(
  file: RangeFile,
  tensor: StoredTensor,
  type: StoredType,
  shape: readonly [number, number],
): { readonly blocks?: StoredBlocks } {
  const { codes, values: size } = type;
  const width = shape[1];
  if (codes === undefined || width % size !== 0) return {};
  const { bits, zero } = codes;
  return {
    blocks: {
      bits,
      size,
      zero,
      codes(indices) {
        const values = new Uint8Array(indices.length * width);
        const [scales, offsets] = [values.length / size, values.length / size].map((count) => new Float32Array(count));
        const found = { values, scales: scales!, offsets: offsets! };
        codes.split(rowsAsStored(file, tensor, type, shape, indices), found);
        const perRow = width / size;
        for (const numbers of [found.scales, found.offsets])
          finite(file, tensor, numbers, (b) => [indices[Math.floor(b / perRow)]!, (b % perRow) * size]);
        return found;
      },
    },
  };
}

/**
 * What a model is known by: for each file SHA-256 over its size, all bytes before the tensor data (names, types, shapes, metadata), and
 * the first and last 1024 bytes of every tensor; of several files, SHA-256 over theirs. Milliseconds for a file of any size; another
 * training run of the same architecture changes every tensor, so it changes the fingerprint. It does not prove that no byte in between
 * was altered.
 */
function fingerprint(parts: readonly TensorFile[]): string {
  const each = parts.map(({ file, tensors, dataStart }) => {
    const hash = createHash("sha256").update(`${file.size}\n`);
    file.stream(0, dataStart, 1, (piece) => hash.update(piece));
    for (const { offset, bytes } of tensors) {
      const length = Math.min(1024, bytes);
      hash.update(file.bytes(offset, length)).update(file.bytes(offset + bytes - length, length));
    }
    return hash.digest("hex");
  });
  return each.length === 1 ? each[0]! : createHash("sha256").update(each.join("\n")).digest("hex");
}

function sample(names: readonly string[]): string {
  return names.length === 0 ? "no tensors at all" : `${names.slice(0, 4).join(", ")}, ...`;
}
