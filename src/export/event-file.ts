import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../disk/make-folder";

/** Numbers at a step, for TensorBoard. */
export interface ScalarEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  /** By tag, for example "dev/loss"; kept in fp32. */
  readonly scalars: Readonly<Record<string, number>>;
}

const POLYNOMIAL = 0x82f63b78;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  return rest;
});

/** Computes CRC-32C (Castagnoli). @example crc32c(Buffer.from("123456789")) // 0xe3069283 */
export function crc32c(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = TABLE[(rest ^ byte) & 255]! ^ (rest >>> 8);
  return ~rest >>> 0;
}

/** Masked as TFRecord files have it: of a checksum that is stored among data no second one is taken. Source: tensorflow, core/lib/hash/crc32c.h. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/**
 * Writes one record of a TFRecord file: its length in 8 bytes, the length's masked CRC-32C, the data, and the data's.
 * Source: tensorflow, core/lib/io/record_writer.h.
 */
export function tfRecord(data: Uint8Array): Buffer {
  const record = Buffer.alloc(16 + data.length);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(masked(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(masked(data), 12 + data.length);
  return record;
}

/** A whole number as protobuf writes it, seven bits a byte. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

function delimited(field: number, data: Uint8Array): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(data.length), data]);
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = field * 8 + 1;
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = field * 8 + 5;
  bytes.writeFloatLE(value, 1);
  return bytes;
}

/** Encodes numbers at a step as TensorBoard's `Event` message. Source: tensorboard, compat/proto/event.proto and summary.proto. */
function encoded({ wallTime, step, scalars }: ScalarEvent): Buffer {
  const values = Object.entries(scalars).map(([tag, value]) =>
    delimited(1, Buffer.concat([delimited(1, Buffer.from(tag)), float(2, value)])),
  );
  return Buffer.concat([double(1, wallTime), varint(2 * 8), varint(step), delimited(5, Buffer.concat(values))]);
}

/** An event file that grows. */
export interface EventFile {
  readonly path: string;
  append(events: readonly ScalarEvent[]): void;
  close(): void;
}

/**
 * Opens an event file that TensorBoard reads, in a folder of its own; one that is there is written anew, so that a run which goes on is in it once.
 * For example `openEventFile("logs/mine", 0).append([{ wallTime: 0, step: 1, scalars: { "dev/loss": 0.5 } }])`.
 * @param wallTime seconds since 1970 at which it begins
 * @throws when the disk does not take it
 */
export function openEventFile(folder: string, wallTime: number): EventFile {
  makeFolder(folder);
  const path = join(folder, "events.out.tfevents.0000000000.adazeta");
  const file = openSync(path, "w");
  const version = Buffer.concat([double(1, wallTime), delimited(3, Buffer.from("brain.Event:2"))]);
  const write = (bytes: Uint8Array): void => {
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
  };
  write(tfRecord(version));
  return {
    path,
    append: (events) => write(Buffer.concat(events.map((event) => tfRecord(encoded(event))))),
    close: () => closeSync(file),
  };
}
