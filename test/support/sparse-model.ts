import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";

/** A safetensors file of one F16 matrix of zeros, "w" [rows, width], that takes no space on the disk. */
export function sparseSafetensors(path: string, rows: number, width: number): void {
  const bytes = 2 * rows * width;
  const json = JSON.stringify({ w: { dtype: "F16", shape: [rows, width], data_offsets: [0, bytes] } });
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, " ");
  header.writeBigUInt64LE(BigInt(header.length - 8), 0);
  header.write(json, 8);
  sparse(path, header, bytes);
}

/** A GGUF file of a Llama whose query projection [rows, width] is Q4_1 zeros, heads of 128; its rows are in llama.cpp's order. */
export function sparseGguf(path: string, rows: number, width: number): void {
  const parts: Buffer[] = [];
  const number = (value: number, bytes: 4 | 8): void => {
    const buffer = Buffer.alloc(bytes);
    if (bytes === 4) buffer.writeUInt32LE(value);
    else buffer.writeBigUInt64LE(BigInt(value));
    parts.push(buffer);
  };
  const text = (value: string): void => {
    number(value.length, 8);
    parts.push(Buffer.from(value));
  };
  const metadata: readonly (readonly [string, string | number])[] = [
    ["general.architecture", "llama"],
    ["llama.embedding_length", width],
    ["llama.feed_forward_length", 32],
    ["llama.block_count", 1],
    ["llama.context_length", 64],
    ["llama.vocab_size", 32],
    ["llama.attention.head_count", rows / 128],
    ["llama.attention.key_length", 128],
    ["llama.attention.value_length", 128],
  ];
  parts.push(Buffer.from("GGUF"));
  number(3, 4);
  number(1, 8);
  number(metadata.length + 1, 8);
  for (const [key, value] of metadata) {
    text(key);
    number(typeof value === "string" ? 8 : 4, 4);
    if (typeof value === "string") text(value);
    else number(value, 4);
  }
  text("llama.attention.layer_norm_rms_epsilon");
  number(6, 4);
  const epsilon = Buffer.alloc(4);
  epsilon.writeFloatLE(1e-5);
  parts.push(epsilon);
  text("blk.0.attn_q.weight");
  number(2, 4);
  number(width, 8);
  number(rows, 8);
  number(3, 4);
  number(0, 8);
  const header = Buffer.concat(parts);
  const padded = Buffer.alloc(Math.ceil(header.length / 32) * 32);
  header.copy(padded);
  sparse(path, padded, (rows * width * 20) / 32);
}

function sparse(path: string, header: Buffer, bytes: number): void {
  const file = openSync(path, "w");
  writeSync(file, header);
  ftruncateSync(file, header.length + bytes);
  closeSync(file);
}
