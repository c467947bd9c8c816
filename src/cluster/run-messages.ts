import { fail, nonNegativeInteger, positiveNumber } from "../check/check";
import type { CellContext } from "../experiment/run-grid";
import { MARK, objectIn } from "./messages";

/** What a coordinator of whole runs asks of a worker, and what it answers: one JSON object a line. Every request is answered within its `forMs`, so silence means trouble. */

/** Asks for a run from its begin to its record. */
export interface MakeRequest {
  readonly kind: "make";
  readonly ticket: number;
  /** The run's key. */
  readonly run: string;
  /** What names the run to a worker: plain data, no code. */
  readonly order: unknown;
  /** What decides the run's numbers, part by part; a worker that has it otherwise refuses. */
  readonly fingerprint: Readonly<Record<string, unknown>>;
  /** What the record says of its origin; the machine is the worker's. */
  readonly note: CellContext["note"];
  /** Milliseconds after which it is answered how far the run is. */
  readonly forMs: number;
}

/** Asks how far a run is; waits for its end so long. */
export interface WatchRequest {
  readonly kind: "watch";
  readonly ticket: number;
  readonly run: string;
  readonly forMs: number;
  /** Whether it is to end after its current step, and go on another time. */
  readonly stop: boolean;
}

/** Says that a run has its record: its trajectory goes. */
export interface ForgetRequest {
  readonly kind: "forget";
  readonly ticket: number;
  readonly run: string;
}

export type RunRequest = MakeRequest | WatchRequest | ForgetRequest;

/** What became of a run, or how far it is. */
export type RunState =
  | { readonly kind: "running"; readonly share: number }
  /** The record as one line with its checksum, and how the run ended in words. */
  | { readonly kind: "ended"; readonly line: string; readonly message: string }
  | { readonly kind: "stopped"; readonly message: string }
  | { readonly kind: "failed"; readonly message: string }
  /** The worker would make another run: what differs, a sentence each. */
  | { readonly kind: "refused"; readonly differing: readonly string[] }
  /** The worker makes no such run: it was started again meanwhile. */
  | { readonly kind: "unknown" };

export type RunReply = RunState & { readonly ticket: number; readonly run: string };

export function writeRunMessage(message: RunRequest | RunReply): string {
  return `${MARK}${JSON.stringify(message).slice(1)}`;
}

/** Reads a request; null where the line is none. @throws when it is one and a field is not what it must be */
export function readRunRequest(line: string): RunRequest | null {
  const found = objectIn(line);
  if (found === null) return null;
  const { kind, ticket, run, note, fingerprint, forMs } = found;
  nonNegativeInteger("request: ticket", ticket);
  if (typeof run !== "string" || !/^[\w-]{1,100}$/.test(run)) fail("request: run", "the key of a run", run);
  if (kind === "forget") return found as unknown as RunRequest;
  if (kind !== "make" && kind !== "watch") return fail("request: kind", '"make", "watch" or "forget"', kind);
  positiveNumber("request: forMs", forMs);
  if (kind === "make" && (typeof note !== "object" || note === null)) fail("request: note", "an origin", note);
  if (kind === "make" && (typeof fingerprint !== "object" || fingerprint === null))
    fail("request: fingerprint", "an object", fingerprint);
  return found as unknown as RunRequest;
}

/** What a reply of each kind must hold besides. */
const FIELDS: { readonly [Kind in RunState["kind"]]: (found: Readonly<Record<string, unknown>>) => boolean } = {
  running: ({ share }) => typeof share === "number",
  ended: ({ line, message }) => typeof line === "string" && typeof message === "string",
  stopped: ({ message }) => typeof message === "string",
  failed: ({ message }) => typeof message === "string",
  refused: ({ differing }) => Array.isArray(differing),
  unknown: () => true,
};

/** Reads a reply; null where the line is none, or its fields are not what they must be: then it counts as rubbish. */
export function readRunReply(line: string): RunReply | null {
  const found = objectIn(line);
  if (found === null || !Number.isSafeInteger(found["ticket"]) || typeof found["run"] !== "string") return null;
  const kind = found["kind"];
  if (typeof kind !== "string" || !Object.hasOwn(FIELDS, kind)) return null;
  return FIELDS[kind as RunState["kind"]](found) ? (found as unknown as RunReply) : null;
}
