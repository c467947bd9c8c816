import { existsSync, readFileSync } from "node:fs";
import { writeWhole } from "../disk/whole-file";
import { NO_STATE } from "../estimator/state";
import { inOldForm } from "../optimizer/old-form";
import { splitCheck, withCheck, wrongCheck } from "./checksum";
import { fingerprint, fingerprintData } from "./fingerprint";
import type { Header } from "./records";
import type { Waypoint } from "./replay";

/** Points kept beside a trajectory so that resuming needs no long replay: where the run stood, and its best point. */
export interface Snapshot {
  readonly last: Waypoint;
  readonly best: Waypoint | null;
}

/**
 * Writes a snapshot: one JSON line, then the points' bytes. For a method that can be replayed it never decides
 * a bit: it holds what replaying would give. For a first-order method it is where the run goes on.
 * @throws when the disk does not take it
 */
export function writeSnapshot(path: string, header: Header, snapshot: Snapshot): void {
  const { last, best } = snapshot;
  const { count, vectors } = last.state ?? NO_STATE;
  const points = [last.point, ...(best === null ? [] : [best.point])];
  const body = Buffer.concat([...points, ...Object.values(vectors)].map(bytesOf));
  const lengths = Object.entries(vectors).map(([name, { length }]) => [name, length] as const);
  const counts = { step: last.step, best: best?.step ?? null, count, vectors: lengths };
  const head = { run: runOf(header), ...counts, body: fingerprint(body) };
  writeWhole(path, Buffer.concat([Buffer.from(`${withCheck(JSON.stringify(head))}\n`), body]));
}

/** Reads a snapshot of that run; null when there is none, or it is another run's, or damaged: replay from the start then. */
export function readSnapshot(path: string, header: Header, steps: number): Snapshot | null {
  if (!existsSync(path)) return null;
  const bytes = readFileSync(path);
  const newline = bytes.indexOf(10);
  try {
    const line = bytes.toString("utf8", 0, newline);
    if (wrongCheck(splitCheck(line)) !== null) return null;
    const head = JSON.parse(line) as { [name: string]: unknown };
    const body = bytes.subarray(newline + 1);
    const size = 4 * header.start.parameters;
    const { step, best, count = null } = head;
    const named = namedVectors(head, header.start.parameters);
    const points = size * (best === null ? 1 : 2);
    const whole = points + 4 * named.reduce((sum, [, length]) => sum + length, 0);
    if (head["run"] !== runOf(header) || head["body"] !== fingerprint(body)) return null;
    if (typeof step !== "number" || step > steps || body.length !== whole) return null;
    const vector = (index: number): Float32Array => pointOf(body, index * size, size);
    let at = points;
    const vectors = named.map(([name, length]) => [name, pointOf(body, (at += 4 * length) - 4 * length, 4 * length)]);
    const state = typeof count === "number" ? { count, vectors: Object.fromEntries(vectors) } : undefined;
    const last = { step, point: vector(0), state };
    return { last, best: typeof best === "number" ? { step: best, point: vector(1) } : null };
  } catch {
    return null;
  }
}

/** Names and lengths of the state's vectors; a snapshot that was written before they had names has Adam's two, or none. */
function namedVectors(
  head: { readonly [name: string]: unknown },
  size: number,
): readonly (readonly [string, number])[] {
  if (Array.isArray(head["vectors"])) return head["vectors"] as [string, number][];
  return typeof head["count"] === "number" ? [["adam.first", size] as const, ["adam.second", size] as const] : [];
}

function runOf(header: Header): string {
  return fingerprintData(inOldForm({ settings: header.settings, identity: header.identity, start: header.start }));
}

function bytesOf(point: Float32Array): Uint8Array {
  return new Uint8Array(point.buffer, point.byteOffset, point.byteLength);
}

function pointOf(bytes: Uint8Array, offset: number, size: number): Float32Array {
  const copy = new Uint8Array(size);
  copy.set(bytes.subarray(offset, offset + size));
  return new Float32Array(copy.buffer);
}
