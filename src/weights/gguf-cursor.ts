import { fail } from "../check/check";
import type { RangeFile } from "./range-file";

/** Reads little-endian values one after another from the beginning of a file, a window of 1 MiB at a time. */
export interface Cursor {
  position(): number;
  unsigned8(): number;
  signed8(): number;
  unsigned16(): number;
  signed16(): number;
  unsigned32(): number;
  signed32(): number;
  float32(): number;
  float64(): number;
  /** As a number where that is exact, else as a bigint. */
  unsigned64(): number | bigint;
  signed64(): number | bigint;
  /** A u64 that counts things of at least `bytesEach` bytes: more of them than the rest of the file holds is an error. */
  count(what: string, bytesEach: number): number;
  /** A length (u64) and that many bytes of UTF-8. */
  text(what: string): string;
}

const WINDOW = 1024 * 1024;
/** Of a header; the longest known ones have some 20 MB. */
const LONGEST_HEADER = 256 * 1024 * 1024;

export function cursorOf(file: RangeFile): Cursor {
  let at = 0;
  let windowStart = 0;
  let window = Buffer.alloc(0);

  /** The place of the next `length` bytes in the window, past which the cursor moves. */
  function take(length: number): number {
    if (at + length > file.size) {
      throw new Error(
        `${file.path}: header: expected ${length} more bytes at ${at}, got the end of the file (truncated?)`,
      );
    }
    if (at + length > LONGEST_HEADER) fail(`${file.path}: header`, `at most ${LONGEST_HEADER} bytes`, at + length);
    if (at < windowStart || at + length > windowStart + window.length) {
      windowStart = at;
      window = Buffer.from(file.bytes(at, Math.min(Math.max(WINDOW, length), file.size - at)));
    }
    at += length;
    return at - length - windowStart;
  }
  // `take` may replace the window, so it must have run before `window` is looked at.
  const next = <T>(length: number, read: (place: number) => T): T => read(take(length));
  const plain = (value: bigint): number | bigint =>
    value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;

  const cursor: Cursor = {
    position: () => at,
    unsigned8: () => next(1, (place) => window.readUInt8(place)),
    signed8: () => next(1, (place) => window.readInt8(place)),
    unsigned16: () => next(2, (place) => window.readUInt16LE(place)),
    signed16: () => next(2, (place) => window.readInt16LE(place)),
    unsigned32: () => next(4, (place) => window.readUInt32LE(place)),
    signed32: () => next(4, (place) => window.readInt32LE(place)),
    float32: () => next(4, (place) => window.readFloatLE(place)),
    float64: () => next(8, (place) => window.readDoubleLE(place)),
    unsigned64: () => plain(next(8, (place) => window.readBigUInt64LE(place))),
    signed64: () => plain(next(8, (place) => window.readBigInt64LE(place))),
    count(what, bytesEach) {
      const value = cursor.unsigned64();
      const most = Math.floor((file.size - at) / bytesEach);
      return typeof value === "number" && value <= most
        ? value
        : fail(
            `${file.path}: ${what}`,
            `at most ${most}, what the rest of the file holds (truncated or damaged?)`,
            value,
          );
    },
    text(what) {
      const length = cursor.count(`length of ${what}`, 1);
      return next(length, (place) => window.toString("utf8", place, place + length));
    },
  };
  return cursor;
}
