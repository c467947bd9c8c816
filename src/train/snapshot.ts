import { existsSync, readFileSync } from "node:fs";
import { fingerprint, fingerprintData } from "./fingerprint";
import { writeWhole } from "./line-file";
import type { Header } from "./records";
import type { Waypoint } from "./replay";

/** Points kept beside a trajectory so that resuming needs no long replay: where the run stood, and its best point. */
export interface Snapshot {
  readonly last: Waypoint;
  readonly best: Waypoint | null;
}

/**
 * Writes a snapshot: one JSON line, then the points' bytes. It never decides a bit: it holds what replaying would give.
 * @throws when the disk does not take it
 */
export function writeSnapshot(path: string, header: Header, snapshot: Snapshot): void {
  const { last, best } = snapshot;
  const body = Buffer.concat([last, best].flatMap((waypoint) => (waypoint === null ? [] : [bytesOf(waypoint.point)])));
  const head = { run: runOf(header), step: last.step, best: best?.step ?? null, body: fingerprint(body) };
  writeWhole(path, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]));
}

/** Reads a snapshot of that run; null when there is none, or it is another run's, or damaged: replay from the start then. */
export function readSnapshot(path: string, header: Header, steps: number): Snapshot | null {
  if (!existsSync(path)) return null;
  const bytes = readFileSync(path);
  const newline = bytes.indexOf(10);
  try {
    const head = JSON.parse(bytes.toString("utf8", 0, newline)) as { [name: string]: unknown };
    const body = bytes.subarray(newline + 1);
    const size = 4 * header.start.parameters;
    const { step, best } = head;
    if (head["run"] !== runOf(header) || head["body"] !== fingerprint(body)) return null;
    if (typeof step !== "number" || step > steps || body.length !== (best === null ? size : 2 * size)) return null;
    const last = { step, point: pointOf(body, 0, size) };
    return { last, best: typeof best === "number" ? { step: best, point: pointOf(body, size, size) } : null };
  } catch {
    return null;
  }
}

function runOf(header: Header): string {
  return fingerprintData({ settings: header.settings, identity: header.identity, start: header.start });
}

function bytesOf(point: Float32Array): Uint8Array {
  return new Uint8Array(point.buffer, point.byteOffset, point.byteLength);
}

function pointOf(bytes: Uint8Array, offset: number, size: number): Float32Array {
  const copy = new Uint8Array(size);
  copy.set(bytes.subarray(offset, offset + size));
  return new Float32Array(copy.buffer);
}
