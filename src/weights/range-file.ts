import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { endianness } from "node:os";
import { resolve } from "node:path";
import { show } from "../check/check";

/** A local file read in ranges: what a model of any size is opened through, without its bytes ever being in memory at once. */
export interface RangeFile {
  readonly path: string;
  readonly size: number;
  /** Path, size and time: what was read of a file with the same text is still so. */
  readonly state: string;
  /** The bytes [offset, offset + length). @throws when they reach beyond the end of the file */
  bytes(offset: number, length: number): Uint8Array;
  /** Several ranges of one length, one after another. Ranges that are neighbours in the file, in whatever order, are read at once. */
  gather(offsets: ArrayLike<number>, length: number): Uint8Array;
  /** Hands the range to `use` piece by piece; each piece is a whole number of `unit` bytes, except that none is longer than 4 MiB. */
  stream(offset: number, length: number, unit: number, use: (piece: Uint8Array) => void): void;
}

const PIECE = 4 * 1024 * 1024;

/**
 * Opens a file for range reads. The descriptor is held only during a call, so there is nothing to release; a file that
 * was replaced in the meantime (another size or time) is refused instead of being read as if it were the old one.
 * @throws when the file is missing, is a folder, or cannot be read
 */
export function openRange(path: string): RangeFile {
  if (endianness() !== "LE") throw new Error("model files: expected a little-endian machine, got a big-endian one");
  const { size, mtimeMs } = regularFile(path);

  function using<T>(offset: number, length: number, use: (descriptor: number) => T): T {
    if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
      throw new Error(
        `${path}: expected bytes ${offset} to ${offset + length}, got a file of ${size} bytes (truncated?)`,
      );
    }
    const descriptor = openSync(path, "r");
    try {
      const now = fstatSync(descriptor);
      if (now.size !== size || now.mtimeMs !== mtimeMs) {
        throw new Error(
          `${path}: the file changed while it was open (${size} bytes before, ${now.size} now); open it again`,
        );
      }
      return use(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  function fill(descriptor: number, target: Uint8Array, offset: number): void {
    for (let done = 0; done < target.length;) {
      const got = readSync(descriptor, target, done, target.length - done, offset + done);
      if (got === 0) throw new Error(`${path}: expected ${target.length} bytes at ${offset}, got ${done} (truncated?)`);
      done += got;
    }
  }

  return {
    path,
    size,
    state: `${resolve(path)} ${size} ${mtimeMs}`,
    bytes: (offset, length) =>
      using(offset, length, (descriptor) => {
        const bytes = new Uint8Array(length);
        fill(descriptor, bytes, offset);
        return bytes;
      }),
    gather(offsets, length) {
      const all = Array.from(offsets);
      const end = all.reduce((furthest, at) => Math.max(furthest, at + length), 0);
      return using(0, end, (descriptor) => {
        const bytes = new Uint8Array(all.length * length);
        for (const { start, slots } of runs(all, length)) {
          const ordered = slots.every((slot, i) => slot === slots[0]! + i);
          const target = bytes.subarray(slots[0]! * length, (slots[0]! + slots.length) * length);
          const piece = ordered ? target : new Uint8Array(slots.length * length);
          fill(descriptor, piece, start);
          if (!ordered)
            slots.forEach((slot, i) => bytes.set(piece.subarray(i * length, (i + 1) * length), slot * length));
        }
        return bytes;
      });
    },
    stream(offset, length, unit, use) {
      using(offset, length, (descriptor) => {
        const step = Math.max(1, Math.floor(PIECE / unit)) * unit;
        const buffer = new Uint8Array(Math.min(step, length));
        for (let done = 0; done < length; done += step) {
          const piece = buffer.subarray(0, Math.min(step, length - done));
          fill(descriptor, piece, offset + done);
          use(piece);
        }
      });
    },
  };
}

/** Ranges that follow each other in the file, at most 4 MiB together: where they start, and which of the asked ranges they are, in order. */
function runs(
  offsets: readonly number[],
  length: number,
): readonly { readonly start: number; readonly slots: readonly number[] }[] {
  const most = Math.max(1, Math.floor(PIECE / Math.max(1, length)));
  const found: { start: number; slots: number[] }[] = [];
  for (const slot of offsets.map((_, i) => i).sort((a, b) => offsets[a]! - offsets[b]!)) {
    const last = found.at(-1);
    if (last && last.slots.length < most && offsets[slot] === last.start + last.slots.length * length)
      last.slots.push(slot);
    else found.push({ start: offsets[slot]!, slots: [slot] });
  }
  return found;
}

function regularFile(path: string): { readonly size: number; readonly mtimeMs: number } {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new Error(`model file: expected a file at ${show(path)}, got nothing there`);
  if (!stat.isFile()) throw new Error(`model file: expected a file at ${show(path)}, got a folder or device`);
  return stat;
}
