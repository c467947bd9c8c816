import { fail, nonNegativeInteger } from "../check/check";
import { fromWire, toWire, type WireNumber } from "../train/wire";
import type { ChangeRecord } from "../train/records";
import type { WalkedStep } from "../train/replay";

/** What a step's coordinator asks of a worker, and what it answers: one JSON object a line. A worker remembers runs, and says so when it knows less than it is thought to. */

/** A step's scalars as they travel: `step`, p, further numbers, |theta|. */
export type WireStep = readonly [number, readonly WireNumber[], readonly WireNumber[], WireNumber];

/** Opens a run, from nothing. */
export interface OpenRequest {
  readonly kind: "open";
  readonly ticket: number;
  /** Names the run: a hash of all that decides its numbers. */
  readonly run: string;
  /** What the run is made of, as plain data: names of a model and a task, settings. No code. */
  readonly order: unknown;
  /** What the run must come out as, part by part; another one is refused. */
  readonly fingerprint: Readonly<Record<string, unknown>>;
}

/** Asks for numbers of a step. */
export interface QueryRequest {
  readonly kind: "query";
  readonly ticket: number;
  readonly run: string;
  /** How many steps the worker is thought to have walked. */
  readonly from: number;
  /** The steps since then. */
  readonly steps: readonly WireStep[];
  /** Every change of the method so far. */
  readonly changes: readonly ChangeRecord[];
  /** The step's index, from 0: the number of steps before it. */
  readonly step: number;
  /** What earlier rounds of the step answered, number by number. */
  readonly known: readonly WireAnswer[];
  /** The numbers, counted through the step, of the points or directions to compute. */
  readonly wanted: readonly number[];
}

export type Request = OpenRequest | QueryRequest;

/** [loss] of a point; [derivative, loss] of a direction. */
export type Answer = readonly number[];
export type WireAnswer = readonly WireNumber[];

interface Replying {
  readonly ticket: number;
  readonly run: string;
}

/** What a worker says. */
export type Reply =
  | (Replying & {
      readonly kind: "opened";
      readonly machine: string;
      /** The loss of the first step's batch at the run's start. */
      readonly loss: number;
    })
  /** Made of something else than the coordinator has: what differs, a sentence each. */
  | (Replying & { readonly kind: "refused"; readonly differing: readonly string[] })
  /** Knows only so many steps of the run; -1: it does not know the run. */
  | (Replying & { readonly kind: "behind"; readonly has: number })
  | (Replying & {
      readonly kind: "answer";
      readonly step: number;
      readonly answers: readonly Answer[];
      /** Milliseconds spent on it. */
      readonly milliseconds: number;
    })
  | (Replying & { readonly kind: "failed"; readonly message: string });

/** What every line begins with: another line that a library writes there is none of ours. */
export const MARK = '{"adazeta":1,';

/** Writes a step as it travels. */
export function wireStep({ step, projectedGradients, further = [], weightNorm }: WalkedStep): WireStep {
  return [step, projectedGradients.map(toWire), further.map(toWire), toWire(weightNorm)];
}

/** Reads a step as it travelled. @throws when it is none */
export function stepOf(what: string, wire: unknown, stepsPerEpoch: number): WalkedStep {
  if (!Array.isArray(wire) || wire.length !== 4) return fail(what, "a step's number, two lists and a norm", wire);
  const [step, p, further, norm] = wire as readonly unknown[];
  const index = nonNegativeInteger(`${what}: step`, step);
  const extra = numbersOf(`${what}: further`, further);
  return {
    step: index,
    epoch: Math.floor((index - 1) / stepsPerEpoch),
    projectedGradients: numbersOf(`${what}: projectedGradients`, p),
    ...(extra.length > 0 && { further: extra }),
    weightNorm: fromWire(`${what}: weightNorm`, norm),
  };
}

/** Writes a request as one line. */
export function writeRequest(request: Request): string {
  return `${MARK}${JSON.stringify(request).slice(1)}`;
}

/** Writes a reply as one line. NaN and infinities arrive as they are. */
export function writeReply(reply: Reply): string {
  const wire =
    reply.kind === "answer"
      ? { ...reply, answers: reply.answers.map(wireAnswer) }
      : reply.kind === "opened"
        ? { ...reply, loss: toWire(reply.loss) }
        : reply;
  return `${MARK}${JSON.stringify(wire).slice(1)}`;
}

export function wireAnswer(answer: Answer): WireAnswer {
  return answer.map(toWire);
}

/** Reads a line as an object of ours; null for what is none: rubbish, half a line, another program's words. */
export function objectIn(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.startsWith(MARK)) return null;
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
}

/** Reads a request; null where the line is none. @throws when it is one and a field is not what it must be */
export function readRequest(line: string): Request | null {
  const found = objectIn(line);
  if (found === null) return null;
  const { kind, ticket, run } = found;
  nonNegativeInteger("request: ticket", ticket);
  if (typeof run !== "string") fail("request: run", "a name", run);
  if (kind === "open") {
    const { fingerprint } = found;
    if (typeof fingerprint !== "object" || fingerprint === null) fail("request: fingerprint", "an object", fingerprint);
    return found as unknown as OpenRequest;
  }
  if (kind !== "query") return fail("request: kind", '"open" or "query"', kind);
  nonNegativeInteger("request: from", found["from"]);
  nonNegativeInteger("request: step", found["step"]);
  for (const name of ["steps", "changes", "known", "wanted"])
    if (!Array.isArray(found[name])) fail(`request: ${name}`, "a list", found[name]);
  (found["wanted"] as unknown[]).forEach((index) => nonNegativeInteger("request: wanted", index));
  return found as unknown as QueryRequest;
}

/** Reads a reply; null where the line is none, or its fields are not what they must be: then it counts as rubbish. */
export function readReply(line: string): Reply | null {
  const found = objectIn(line);
  if (found === null) return null;
  try {
    nonNegativeInteger("ticket", found["ticket"]);
    if (typeof found["run"] !== "string") return null;
    switch (found["kind"]) {
      case "opened":
        if (typeof found["machine"] !== "string") return null;
        return { ...found, loss: fromWire("loss", found["loss"]) } as unknown as Reply;
      case "refused":
        return Array.isArray(found["differing"]) ? (found as unknown as Reply) : null;
      case "behind":
        return Number.isSafeInteger(found["has"]) ? (found as unknown as Reply) : null;
      case "failed":
        return typeof found["message"] === "string" ? (found as unknown as Reply) : null;
      case "answer":
        nonNegativeInteger("step", found["step"]);
        return {
          ...found,
          milliseconds: fromWire("milliseconds", found["milliseconds"]),
          answers: listOf("answers", found["answers"]).map((answer) => numbersOf("answer", answer)),
        } as unknown as Reply;
      default:
        return null;
    }
  } catch {
    return null;
  }
}

/** Reads numbers as they travelled. @throws when one is none */
export function numbersOf(what: string, values: unknown): readonly number[] {
  return listOf(what, values).map((value) => fromWire(what, value));
}

function listOf(what: string, values: unknown): readonly unknown[] {
  return Array.isArray(values) ? (values as readonly unknown[]) : fail(what, "a list", values);
}
