import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { FrozenMatrix } from "../../ops/ops";
import type { External } from "./graph";

const PAGE = 4096;

/**
 * Frozen matrices as ONNX Runtime maps them: fp32, row-major [out, in], each on a page of its own, in one file per model.
 * The file is made once and found again by name, so a second start maps it without reading the model's own file.
 */
export class WeightFile {
  private readonly entries = new Map<string, { readonly matrix: FrozenMatrix; readonly at: External }>();
  private size = 0;

  constructor(
    readonly directory: string,
    private readonly modelId: string,
  ) {}

  /** The file's name: a hash of the model and of which matrices lie where. */
  get location(): string {
    const hash = createHash("sha256").update(this.modelId);
    for (const [name, { at }] of this.entries) hash.update(`\n${name} ${at.offset} ${at.bytes}`);
    return `${hash.digest("hex").slice(0, 24)}.weights`;
  }

  /** The matrix's place in the file; the same matrix has one place. */
  place(matrix: FrozenMatrix): External {
    const known = this.entries.get(matrix.name);
    if (known) return known.at;
    const bytes = matrix.shape[0] * matrix.shape[1] * 4;
    const at = { offset: this.size, bytes };
    this.entries.set(matrix.name, { matrix, at });
    this.size += Math.ceil(bytes / PAGE) * PAGE;
    return at;
  }

  /** Writes the file unless it is there; through a temporary name, so that a killed process leaves no half file behind. */
  write(): void {
    const path = join(this.directory, this.location);
    if (existsSync(path) && statSync(path).size === this.size) return;
    mkdirSync(this.directory, { recursive: true });
    const temporary = `${path}.${process.pid}.tmp`;
    const file = openSync(temporary, "w");
    try {
      for (const { matrix, at } of this.entries.values()) {
        const values = matrix.read();
        writeAll(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at.offset);
        const gap = Math.ceil(at.bytes / PAGE) * PAGE - at.bytes;
        if (gap > 0) writeAll(file, new Uint8Array(gap), at.offset + at.bytes);
      }
      closeSync(file);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw new Error(`cannot write the weight cache ${path} (${this.size} bytes): ${String(error)}`);
    }
  }
}

function writeAll(file: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(file, bytes, done, bytes.length - done, position + done);
}
