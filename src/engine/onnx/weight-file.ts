import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { fail } from "../../check/check";
import { makeFolder } from "../../disk/make-folder";
import { besideOf, removeLeftovers, writeWhole } from "../../disk/whole-file";
import type { FrozenMatrix } from "../../ops/ops";
import { rowBlocks } from "../row-blocks";
import { encodingOf } from "./encoding";
import type { Encoding, Form, Part } from "./encoding";
import { FLOAT } from "./graph";
import type { External } from "./graph";
import { precisionName } from "./precision";
import type { Precision } from "./precision";

const PAGE = 4096;
/** Part of a file's name: another number where the bytes of an encoding change. Files of version 2 may have lost the top byte of their last number. */
export const WEIGHT_FORMAT = 3;

/** A part of an encoded matrix and where it lies. */
export interface PlacedPart extends Part {
  readonly at: External;
}

/** An encoded matrix in the file. */
export interface PlacedMatrix {
  readonly form: Form;
  readonly constants: ReadonlyMap<Part["name"], PlacedPart>;
}

interface Entry extends PlacedMatrix {
  readonly encoding: Encoding;
  readonly source: string | undefined;
}

/** Called while the file is written. */
export type WriteProgress = (progress: { readonly bytes: number; readonly total: number }) => void;

/**
 * Frozen matrices as ONNX Runtime maps them, at one precision, each part on a page of its own, in one file per model.
 * The file is made once, while the model's own file is read in rows, and found again by name: a second start only maps it. A model's file that
 * was not read before, another copy say, is read once and compared with it.
 */
export class WeightFile {
  private readonly entries = new Map<string, Entry>();
  private readonly checked = new Map<string, FrozenMatrix>();
  private size = 0;

  constructor(
    readonly directory: string,
    private readonly modelId: string,
    private readonly precision: Precision,
    /** Names of matrices that are no part of it: they come with each run, in memory that changes are folded into. */
    private readonly held: ReadonlySet<string> = new Set(),
  ) {}

  /** Whether a matrix comes with each run, as the input `base:NAME`. */
  isHeld({ name }: FrozenMatrix): boolean {
    return this.held.has(name);
  }

  /** The file's name: a hash of the model, the precision and of which parts lie where. */
  get location(): string {
    const hash = createHash("sha256").update(`${WEIGHT_FORMAT} ${precisionName(this.precision)} ${this.modelId}`);
    for (const { key, at } of this.parts()) hash.update(`\n${key} ${at.offset} ${at.bytes}`);
    // What was rounded already is stored as its own levels, where an earlier version rounded it again.
    if ([...this.entries.values()].some(({ encoding }) => encoding.levels === true)) hash.update("\nown levels");
    return `${hash.digest("hex").slice(0, 24)}.weights`;
  }

  /** The matrix's place in the file; the same matrix has one place. */
  place(matrix: FrozenMatrix): PlacedMatrix {
    const known = this.entries.get(matrix.name);
    if (known) return known;
    const encoding = encodingOf(matrix, this.precision);
    const constants = new Map(encoding.parts.map((part) => [part.name, { ...part, at: this.take(bytesOf(part)) }]));
    const placed = { form: encoding.form, constants, encoding, source: matrix.source };
    this.entries.set(matrix.name, placed);
    return placed;
  }

  /** Reads this matrix whole where the weights are read, since its rows are read from the model's file when they are needed: it is checked then. */
  check(matrix: FrozenMatrix): void {
    this.checked.set(matrix.name, matrix);
  }

  /**
   * Writes the file unless it is there and sound; through a temporary name, so that a killed process leaves no half file behind.
   * Lets the event loop run between pieces. A file that was cut off or changed since it was written is made anew.
   * @throws when the disk does not take it, or a weight of the model's file is not finite
   */
  async write(progress: WriteProgress = () => undefined): Promise<void> {
    const path = join(this.directory, this.location);
    // Of this call alone: two sessions of one process may write the same file at once.
    const temporary = besideOf(path);
    try {
      if (await this.sound(path, progress)) return;
      makeFolder(this.directory);
      removeLeftovers(path);
      const checksums = await this.fill(temporary, progress);
      renameSync(temporary, path);
      this.stamp(path, checksums, this.sources());
    } catch (error) {
      if (existsSync(temporary)) rmSync(temporary);
      // What the model's own file has wrong says so itself.
      if (!(error instanceof Error && "syscall" in error)) throw error;
      throw new Error(`cannot write the weight cache ${path} (${this.size} bytes): ${String(error)}`);
    }
  }

  private async fill(path: string, progress: WriteProgress): Promise<Checksums> {
    const file = openSync(path, "w");
    try {
      // The last part ends at the end of its page; what no part fills is zero. The length comes first: it cannot touch a weight.
      ftruncateSync(file, this.size);
      const checksums = await this.encode(progress, (bytes, position) => writeAll(file, bytes, position));
      fsyncSync(file); // before it has its name: after a power cut it is whole or not there
      return checksums;
    } finally {
      closeSync(file);
    }
  }

  /** Reads and encodes everything, and hands it to `put` piece by piece. @throws when a weight is not finite */
  private async encode(
    progress: WriteProgress,
    put: (bytes: Uint8Array, position: number) => void,
  ): Promise<Checksums> {
    const checksums: Record<string, number> = {};
    let done = 0;
    let rested = performance.now();
    const rest = async (): Promise<void> => {
      if (performance.now() - rested < REST_EVERY) return;
      progress({ bytes: done, total: this.size });
      await new Promise(setImmediate);
      rested = performance.now();
    };
    for (const [name, { encoding, constants }] of this.entries) {
      const filled = new Map<Part, number>(encoding.parts.map((part) => [part, 0]));
      for (const { part, bytes } of encoding.pieces()) {
        const key = `${name}.${part.name}`;
        const offset = filled.get(part)!;
        const { at } = constants.get(part.name)!;
        if (offset + bytes.length > at.bytes)
          fail(`bytes of ${key}`, `${at.bytes}`, `${offset + bytes.length} or more`);
        put(bytes, at.offset + offset);
        checksums[key] = crc32(bytes, checksums[key] ?? 0);
        filled.set(part, offset + bytes.length);
        done += bytes.length;
        await rest();
      }
      for (const [part, bytes] of filled)
        if (bytes !== bytesOf(part)) fail(`bytes of ${name}.${part.name}`, `${bytesOf(part)}`, bytes);
    }
    for (const matrix of this.checked.values()) {
      if (this.entries.has(matrix.name)) continue;
      const rows = rowBlocks(matrix);
      while (rows.next().done !== true) await rest();
    }
    progress({ bytes: this.size, total: this.size });
    return checksums;
  }

  /**
   * Whether the file is as it was written: by size and time, or, where the time differs (a copy), by every part's checksum; and whether it is
   * that of the model's files: by their path, size and time, or, where these were not read before, by reading them.
   */
  private async sound(path: string, progress: WriteProgress): Promise<boolean> {
    const found = statSync(path, { throwIfNoEntry: false });
    const stamp = readStamp(path);
    if (!found || !stamp || found.size !== this.size) return false;
    const same = stamp.modified === found.mtimeMs;
    if (!same && !this.matches(path, stamp.checksums)) return false;
    const known = this.sources().every((source) => stamp.sources.includes(source));
    if (!known) {
      const now = await this.encode(progress, () => undefined);
      for (const { key } of this.parts()) if (now[key] !== stamp.checksums[key]) return false;
    }
    if (same && known) return true;
    try {
      this.stamp(path, stamp.checksums, [...new Set([...stamp.sources, ...this.sources()])]);
    } catch {
      // A disk that only can be read: it is compared again next time.
    }
    return true;
  }

  private matches(path: string, checksums: Checksums): boolean {
    const file = openSync(path, "r");
    try {
      return [...this.parts()].every(({ key, at }) => checksum(file, at) === checksums[key]);
    } finally {
      closeSync(file);
    }
  }

  /** The model's files. */
  private sources(): readonly string[] {
    const all = [...this.entries.values(), ...this.checked.values()].flatMap(({ source }) => source ?? []);
    return [...new Set(all)];
  }

  private stamp(path: string, checksums: Checksums, sources: readonly string[]): void {
    const stamp: Stamp = { modified: statSync(path).mtimeMs, checksums, sources };
    writeWhole(`${path}.json`, JSON.stringify(stamp));
  }

  private *parts(): Generator<PlacedPart & { readonly key: string }> {
    for (const [name, { constants }] of this.entries)
      for (const part of constants.values()) yield { ...part, key: `${name}.${part.name}` };
  }

  private take(bytes: number): External {
    const at = { offset: this.size, bytes };
    this.size += Math.ceil(bytes / PAGE) * PAGE;
    return at;
  }
}

/** Milliseconds of work between two rests. */
const REST_EVERY = 20;

/** CRC-32 of each part. */
type Checksums = Readonly<Record<string, number>>;

/** What is kept beside a finished file. */
interface Stamp {
  readonly modified: number;
  readonly checksums: Checksums;
  /** The model's files that it was made of or compared with (`FrozenMatrix.source`). */
  readonly sources: readonly string[];
}

function readStamp(path: string): Stamp | null {
  try {
    const found = JSON.parse(readFileSync(`${path}.json`, "utf8")) as Partial<Stamp> | null;
    if (typeof found?.modified !== "number" || typeof found.checksums !== "object") return null;
    return { modified: found.modified, checksums: found.checksums, sources: found.sources ?? [] };
  } catch {
    return null;
  }
}

function checksum(file: number, { offset, bytes }: External): number {
  const buffer = new Uint8Array(Math.min(bytes, 4 * 1024 * 1024));
  let sum = 0;
  for (let done = 0; done < bytes;) {
    const got = readSync(file, buffer, 0, Math.min(buffer.length, bytes - done), offset + done);
    if (got === 0) return NaN;
    sum = crc32(buffer.subarray(0, got), sum);
    done += got;
  }
  return sum;
}

function bytesOf({ type, shape }: Part): number {
  return shape.reduce((a, b) => a * b, type === FLOAT ? 4 : 1);
}

function writeAll(file: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(file, bytes, done, bytes.length - done, position + done);
}
