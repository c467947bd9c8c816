import type { ChanceLevel } from "../train/best";
import { divergedRun } from "../train/diverged";
import type { EndRecord, Header } from "../train/records";
import type { RunHistory } from "../train/run-history";
import type { RunRecord } from "./record";

/** What training has left so far: a finished result, a trajectory read from its file, or a live run. */
export interface TrainingRecord extends RunHistory {
  readonly header: Pick<Header, "settings">;
  readonly end?: EndRecord | null | undefined;
}

export interface RunLabel {
  readonly arm: string;
  /** Chance on dev. */
  readonly chance: ChanceLevel;
  readonly name?: string;
  /** Where the settings hold a schedule of learning rates, or the run has made no step yet. */
  readonly learningRate?: number;
}

/**
 * Makes a training run as tables and figures take it. It counts as diverged by our definition (`divergedRun` of the
 * training room). Settings are flattened for comparing: "method.queries.cap".
 * @throws when no learning rate is known: none is given, no step was made, and the method holds no constant one
 */
export function runRecord(record: TrainingRecord, label: RunLabel): RunRecord {
  const { header, steps, evaluations, end } = record;
  const settings = flatten("", header.settings);
  const learningRate = label.learningRate ?? steps[0]?.learningRate ?? settings["method.learningRate.value"];
  if (typeof learningRate !== "number")
    throw new Error(`learningRate of ${label.arm}: expected a number, got none: pass it with the label`);
  return {
    arm: label.arm,
    ...(label.name === undefined ? {} : { name: label.name }),
    seed: header.settings.seed,
    learningRate,
    steps,
    evaluations,
    diverged: divergedRun({ evaluations, end }),
    chanceLoss: label.chance.loss,
    devTexts: label.chance.count,
    settings,
  };
}

type Plain = string | number | boolean | null;

/** Lists nested settings by their paths. For example `flatten("", { a: { b: 1 }, c: [2] })`: { "a.b": 1, "c.0": 2 }. */
function flatten(prefix: string, value: unknown): Readonly<Record<string, Plain>> {
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, inner]) =>
        Object.entries(flatten(prefix === "" ? key : `${prefix}.${key}`, inner)),
      ),
    );
  const plain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return { [prefix]: plain ? value : null };
}
