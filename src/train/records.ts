import { fail, show } from "../check/check";
import { inNewForm } from "../optimizer/old-form";
import type { RunSettings } from "./settings";
import type { MethodChange } from "./method-change";
import type { SourceHashes } from "./sources";
import { fromWire, toWire } from "./wire";

/** What one step did. `step` counts from 1: the step drew its directions and its batch at index step - 1. */
export interface StepRecord {
  readonly kind: "step";
  readonly step: number;
  readonly epoch: number;
  readonly queries: number;
  /** One scalar a query, kept bit for bit: with the seed they are the whole step. */
  readonly projectedGradients: readonly number[];
  /** What the method measured besides, bit for bit: a curvature a query, or every answer of a method with rounds; absent where there is none. */
  readonly further?: readonly number[];
  /** Training loss of the step's batch, as the estimator saw it, in nats. */
  readonly loss: number;
  readonly learningRate: number;
  /** Forward passes on training batches from the start up to and with this step. */
  readonly forwardPasses: number;
  /** How many of this step's forward passes carried a tangent; 0 for a two-sided estimate. */
  readonly directionalPasses: number;
  /** Backward passes from the start up to and with this step, counted apart; first-order methods only. */
  readonly backwardPasses?: number;
  /** Euclidean norm of the gradient; first-order methods only, whose steps cannot be walked again from the record. */
  readonly gradientNorm?: number;
  /** sqrt(mean of projectedGradients^2). */
  readonly rmsProjectedGradient: number;
  /** Euclidean norm of the trainable parameters after the step. */
  readonly weightNorm: number;
  /** Milliseconds of running since the start, pauses between a kill and its resume not counted. */
  readonly elapsedMs: number;
}

/** An evaluation after that many steps (0: before training). */
export interface EvaluationRecord {
  readonly kind: "evaluation";
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Cross-entropy over the options of a choice, where the loss is another one: the right options' tokens', as in training. */
  readonly optionLoss?: number;
  /** What is trained in place of the loss, on dev: larger is better (`settings.objective`). */
  readonly objective?: number;
  /** Loss and share of right answers on the second task, which is not trained on (`settings.drift`). */
  readonly driftLoss?: number;
  readonly driftAccuracy?: number;
  /** Forward passes on training batches before it. */
  readonly forwardPasses: number;
  /** Forward passes spent on evaluation up to and with this one, counted apart. */
  readonly evaluationPasses: number;
  readonly elapsedMs: number;
}

/** What the mean of the last evaluated points, or the running mean of all, came to on dev, once the run had ended. */
export interface AverageRecord {
  readonly kind: "average";
  /** The steps after which those points stood; of a running mean the run's last. */
  readonly steps: readonly number[];
  /** Of a running mean (`accumulation`): m. */
  readonly momentum?: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly optionLoss?: number;
  /** Forward passes spent on evaluation up to and with this one. */
  readonly evaluationPasses: number;
  readonly elapsedMs: number;
}

/** The method was changed while the run went: from the step with this index (from 0) on, all of `change` holds, and nothing of earlier changes. */
export interface ChangeRecord {
  readonly kind: "change";
  readonly step: number;
  readonly change: MethodChange;
}

/** The run went on from the step with this index (from 0) with other files of the project than before: each with its hash, null where it is gone. */
export interface SourcesRecord {
  readonly kind: "sources";
  readonly step: number;
  readonly changed: Readonly<Record<string, string | null>>;
}

/** Why a run ended. */
export type Ending =
  | { readonly reason: "finished" }
  | { readonly reason: "stopped" }
  | { readonly reason: "diverged"; readonly loss: number; readonly limit: number }
  | { readonly reason: "constant-output" }
  /** So many evaluations in a row were no better than the one after `bestStep` steps. */
  | { readonly reason: "patience"; readonly evaluations: number; readonly bestStep: number }
  | { readonly reason: "not-finite"; readonly what: string; readonly value: number; readonly learningRate: number }
  | { readonly reason: "not-recorded"; readonly message: string }
  /** The objective gave no number: a reward failed, or took too long. */
  | { readonly reason: "not-measured"; readonly message: string };

/** How a run ended: after that many steps, with that many forward passes (those of a step that was not taken included). */
export type EndRecord = Ending & {
  readonly kind: "end";
  readonly step: number;
  readonly forwardPasses: number;
  readonly elapsedMs: number;
};

/** What a run was made on: if any of it differs, the recorded numbers mean nothing. Plain JSON data. */
export interface RunIdentity {
  /** What computes the loss: the model session's id (model, adapter, engine, precision). */
  readonly model: string;
  readonly adapter: unknown;
  /** Fingerprint of the training and dev examples, in order. */
  readonly data: string;
  /** Chunk and bucket plan of the engine; null where there is none. */
  readonly plan: unknown;
}

/** The first line of a trajectory. */
export interface Header {
  readonly kind: "header";
  readonly format: "adazeta-trajectory";
  readonly version: 1;
  readonly settings: RunSettings;
  readonly identity: RunIdentity;
  /** Number of trainable parameters d, `fingerprintLayout` of their tensors, `fingerprintPoint` of where the run started. */
  readonly start: {
    readonly parameters: number;
    readonly layout: string;
    readonly fingerprint: string;
    /** `fingerprintPoint` of the first direction, where directions are the user's own. */
    readonly drawn?: string;
  };
  /** Hashes of the project's files that decide the numbers, as they were when the run began; absent where they are not known. */
  readonly sources?: SourceHashes;
  /** Anything worth keeping that does not change the numbers: name, machine, commit, date. */
  readonly note: unknown;
}

export type TrajectoryLine =
  Header | StepRecord | EvaluationRecord | AverageRecord | ChangeRecord | SourcesRecord | EndRecord;

const exact = [
  "loss",
  "gradientNorm",
  "rmsProjectedGradient",
  "weightNorm",
  "accuracy",
  "optionLoss",
  "objective",
  "driftLoss",
  "driftAccuracy",
  "limit",
  "value",
  "learningRate",
] as const;

/** Lists of numbers of a step that decide its point. */
const lists = ["projectedGradients", "further"] as const;

/** Writes one line of a trajectory as JSON; float64 numbers, also NaN and infinities, come back bit for bit. */
export function encodeLine(line: TrajectoryLine): string {
  if (line.kind === "header") return JSON.stringify(line);
  const wire: Record<string, unknown> = { ...line };
  for (const name of exact) if (typeof wire[name] === "number") wire[name] = toWire(wire[name] as number);
  if (line.kind === "step") for (const name of lists) wire[name] = line[name]?.map(toWire);
  return JSON.stringify(wire);
}

/**
 * Reads a value as a line of a trajectory.
 * @throws when the value is not a line of a trajectory, naming `where` (file and line)
 */
export function decodeLine(where: string, value: unknown): TrajectoryLine {
  if (typeof value !== "object" || value === null) return fail(where, "a line of a trajectory", value);
  const line: Record<string, unknown> = { ...value };
  delete line["check"]; // the line's checksum, which `readTrajectory` compares with its text
  if (line["kind"] === "header") return checkHeader(where, line);
  const kind = String(line["kind"]);
  if (!Object.hasOwn(required, kind))
    return fail(
      `${where}: kind`,
      '"header", "step", "evaluation", "average", "change", "sources" or "end"',
      line["kind"],
    );
  for (const name of exact) if (name in line) line[name] = fromWire(`${where}: ${name}`, line[name]);
  for (const name of required[kind as keyof typeof required])
    if (line[name] === undefined) fail(`${where}: ${name}`, "a value", line[name]);
  if (line["kind"] === "step") {
    for (const name of lists) {
      if (line[name] === undefined) continue;
      if (!Array.isArray(line[name])) fail(`${where}: ${name}`, "a list", line[name]);
      line[name] = (line[name] as unknown[]).map((p) => fromWire(`${where}: ${name}`, p));
    }
  }
  return line as unknown as TrajectoryLine;
}

const required = {
  step: ["step", "epoch", "queries", "projectedGradients", "loss", "learningRate", "forwardPasses", "weightNorm"],
  evaluation: ["step", "loss", "accuracy", "forwardPasses", "evaluationPasses"],
  average: ["steps", "loss", "accuracy", "evaluationPasses"],
  change: ["step", "change"],
  sources: ["step", "changed"],
  end: ["step", "reason", "forwardPasses"],
} as const;

function checkHeader(where: string, line: Readonly<Record<string, unknown>>): Header {
  if (line["format"] !== "adazeta-trajectory") fail(`${where}: format`, '"adazeta-trajectory"', line["format"]);
  if (line["version"] !== 1)
    throw new Error(
      `${where}: version: expected 1, got ${show(line["version"])}; ` +
        "the file was written by another version of this project: read it with that one, or delete it and run again",
    );
  return inNewForm(line) as Header;
}
