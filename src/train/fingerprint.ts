import { createHash } from "node:crypto";
import type { Layout } from "../tree/layout";
import { canonicalJson } from "./canonical-json";

/** Gives the first 16 hexadecimal digits of the SHA-256 of some text or bytes. */
export function fingerprint(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

/** Gives the fingerprint of plain data, whatever the order of its keys: used for data sets and settings. */
export function fingerprintData(value: unknown): string {
  return fingerprint(canonicalJson(value));
}

/** Gives the fingerprint of a point's bits [d]: equal only when every parameter is equal bit for bit. */
export function fingerprintPoint(point: Float32Array): string {
  return fingerprint(new Uint8Array(point.buffer, point.byteOffset, point.byteLength));
}

/** Gives the fingerprint of a layout: names, shapes, order and weight-decay marks of all trainable tensors. */
export function fingerprintLayout(layout: Layout): string {
  return fingerprintData(layout.entries.map(({ name, shape, decay }) => ({ name, shape, decay })));
}
