import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { fail } from "../../check/check";
import type { FrozenMatrix } from "../../ops/ops";
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
export interface Placed extends Part {
  readonly at: External;
}

/** An encoded matrix in the file. */
export interface PlacedMatrix {
  readonly form: Form;
  readonly constants: ReadonlyMap<Part["name"], Placed>;
}

/** Called while the file is written. */
export type WriteProgress = (progress: { readonly bytes: number; readonly total: number }) => void;

/**
 * Frozen matrices as ONNX Runtime maps them, at one precision, each part on a page of its own, in one file per model.
 * The file is made once, while the model's own file is read in rows, and found again by name: a second start only maps it.
 */
export class WeightFile {
  private readonly entries = new Map<string, PlacedMatrix & { readonly encoding: Encoding }>();
  private size = 0;

  constructor(
    readonly directory: string,
    private readonly modelId: string,
    private readonly precision: Precision,
  ) {}

  /** The file's name: a hash of the model, the precision and of which parts lie where. */
  get location(): string {
    const hash = createHash("sha256").update(`${WEIGHT_FORMAT} ${precisionName(this.precision)} ${this.modelId}`);
    for (const { key, at } of this.parts()) hash.update(`\n${key} ${at.offset} ${at.bytes}`);
    return `${hash.digest("hex").slice(0, 24)}.weights`;
  }

  /** The matrix's place in the file; the same matrix has one place. */
  place(matrix: FrozenMatrix): PlacedMatrix {
    const known = this.entries.get(matrix.name);
    if (known) return known;
    const encoding = encodingOf(matrix, this.precision);
    const constants = new Map(encoding.parts.map((part) => [part.name, { ...part, at: this.take(bytesOf(part)) }]));
    const placed = { form: encoding.form, constants, encoding };
    this.entries.set(matrix.name, placed);
    return placed;
  }

  /**
   * Writes the file unless it is there and sound; through a temporary name, so that a killed process leaves no half file behind.
   * Lets the event loop run between pieces. A file that was cut off or changed since it was written is made anew.
   * @throws when the disk does not take it
   */
  async write(progress: WriteProgress = () => undefined): Promise<void> {
    const path = join(this.directory, this.location);
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      if (this.sound(path)) return;
      mkdirSync(this.directory, { recursive: true });
      const checksums = await this.fill(temporary, progress);
      renameSync(temporary, path);
      this.stamp(path, checksums);
    } catch (error) {
      if (existsSync(temporary)) rmSync(temporary);
      throw new Error(`cannot write the weight cache ${path} (${this.size} bytes): ${String(error)}`);
    }
  }

  private async fill(path: string, progress: WriteProgress): Promise<Checksums> {
    const checksums: Record<string, number> = {};
    const file = openSync(path, "w");
    let written = 0;
    let rested = performance.now();
    try {
      // The last part ends at the end of its page; what no part fills is zero. The length comes first: it cannot touch a weight.
      ftruncateSync(file, this.size);
      for (const [name, { encoding, constants }] of this.entries) {
        const done = new Map<Part, number>(encoding.parts.map((part) => [part, 0]));
        for (const { part, bytes } of encoding.pieces()) {
          const key = `${name}.${part.name}`;
          const offset = done.get(part)!;
          const { at } = constants.get(part.name)!;
          if (offset + bytes.length > at.bytes)
            fail(`bytes of ${key}`, `${at.bytes}`, `${offset + bytes.length} or more`);
          writeAll(file, bytes, at.offset + offset);
          checksums[key] = crc32(bytes, checksums[key] ?? 0);
          done.set(part, offset + bytes.length);
          written += bytes.length;
          if (performance.now() - rested < REST_EVERY) continue;
          progress({ bytes: written, total: this.size });
          await new Promise(setImmediate);
          rested = performance.now();
        }
        for (const [part, bytes] of done)
          if (bytes !== bytesOf(part)) fail(`bytes of ${name}.${part.name}`, `${bytesOf(part)}`, bytes);
      }
    } finally {
      closeSync(file);
    }
    progress({ bytes: this.size, total: this.size });
    return checksums;
  }

  /** Whether the file is as it was written: by size and time, or, where the time differs (a copy), by every part's checksum. */
  private sound(path: string): boolean {
    const found = statSync(path, { throwIfNoEntry: false });
    const stamp = readStamp(path);
    if (!found || !stamp || found.size !== this.size) return false;
    if (stamp.modified === found.mtimeMs) return true;
    const file = openSync(path, "r");
    try {
      for (const { key, at } of this.parts()) if (checksum(file, at) !== stamp.checksums[key]) return false;
    } finally {
      closeSync(file);
    }
    this.stamp(path, stamp.checksums);
    return true;
  }

  private stamp(path: string, checksums: Checksums): void {
    const stamp: Stamp = { modified: statSync(path).mtimeMs, checksums };
    writeFileSync(`${path}.json`, JSON.stringify(stamp));
  }

  private *parts(): Generator<Placed & { readonly key: string }> {
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
}

function readStamp(path: string): Stamp | null {
  try {
    const found = JSON.parse(readFileSync(`${path}.json`, "utf8")) as Partial<Stamp> | null;
    return typeof found?.modified === "number" && typeof found.checksums === "object" ? (found as Stamp) : null;
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
