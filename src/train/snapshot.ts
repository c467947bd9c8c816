import { existsSync, readFileSync } from "node:fs";
import { writeWhole } from "../disk/whole-file";
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
  const state = last.state ?? null;
  const vectors = [last.point, ...(best === null ? [] : [best.point]), ...(state ? [state.first, state.second] : [])];
  const body = Buffer.concat(vectors.map(bytesOf));
  const counts = { step: last.step, best: best?.step ?? null, count: state?.count ?? null };
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
    const vectors = 1 + (best === null ? 0 : 1) + (count === null ? 0 : 2);
    if (head["run"] !== runOf(header) || head["body"] !== fingerprint(body)) return null;
    if (typeof step !== "number" || step > steps || body.length !== vectors * size) return null;
    const vector = (index: number): Float32Array => pointOf(body, index * size, size);
    const state =
      typeof count === "number" ? { count, first: vector(vectors - 2), second: vector(vectors - 1) } : undefined;
    const last = { step, point: vector(0), state };
    return { last, best: typeof best === "number" ? { step: best, point: vector(1) } : null };
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
