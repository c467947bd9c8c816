import { fail } from "../check/check";
import type { Arm, StudySettings } from "./arm";
import type { ArmRow, RowSettings } from "./arm-row";
import { comparedRows } from "./arm-rows";
import { changedRows } from "./changed-rows";
import { fieldRows } from "./field-rows";
import { firstOrderRows } from "./first-order-rows";
import { largeBatchRows } from "./large-batch-rows";
import { isStill } from "./plan";
import type { StudyArm } from "./plan";
import { objectiveRows } from "./objective-rows";
import { quantizedRows } from "./quantized-rows";
import { robustRows } from "./robust-rows";
import { searchRows } from "./search-rows";
import { sideRows } from "./side-rows";

const table = [
  ...comparedRows,
  ...changedRows,
  ...fieldRows,
  ...firstOrderRows,
  ...searchRows,
  ...largeBatchRows,
  ...sideRows,
  ...quantizedRows,
  ...robustRows,
  ...objectiveRows,
] as const;
type Row = (typeof table)[number];
type Trained = Extract<Row, { readonly method: unknown }>;
type RecordedName<Of extends Row> = Of extends { readonly recordedAs: infer Name } ? Name : Of["id"];

/** What grids, `--only` and records call an arm. */
export type ArmId = Row["id"];
/** How an arm with steps is asked for: by its id, or as it is recorded. */
export type ArmName = Trained["id"] | RecordedName<Trained>;

/** Every arm there is, in the order in which rows were added. For look-ups: a grid names the ids that it has. */
export const armRows: readonly ArmRow[] = table;

/**
 * Gives an arm with steps: what is trained, how, and for how long.
 * @param which its id, or its name in records
 * @example arm("mezo-lora", settings).method.queries // { kind: "constant", value: 1 }
 * @throws when there is no such arm, it makes no steps, or a setting is out of range
 */
export function arm(which: ArmName, settings: StudySettings): Arm {
  const row = rowOf(which);
  const made = row === null ? null : armOfRow(row, settings);
  if (made !== null && !isStill(made)) return made;
  const names = armRows.filter((each) => "method" in each).map(({ id }) => id);
  return fail("arm", `one of ${names.join(", ")}`, which);
}

/** Gives the arm of an id, which may be one without steps. For example `armOf("zero-shot", settings)`: { name: "zero-shot", kind: "zero-shot" }. */
export function armOf(id: ArmId, settings: StudySettings): StudyArm {
  return armOfRow(armRow(id), settings);
}

/** Makes the arm of a row. For example `armOfRow({ id: "mine", title: "Mine", adapter: lora, method: oneQuery }, settings).name`: "mine". */
export function armOfRow(row: ArmRow, settings: StudySettings): StudyArm {
  const name = recordedName(row);
  if ("still" in row) return { name, ...row.still };
  const { learningRate, perturbationScale, chunk, weightDecay = 0, steps, batchSize } = settings;
  const given: RowSettings = { ...settings, common: { learningRate, perturbationScale, chunk, weightDecay } };
  const { adapter, method, budget = () => ({ kind: "steps", steps }), batchFactor = 1, dropping } = row;
  return {
    name,
    batchSize: batchFactor * batchSize,
    budget: budget(given),
    adapter: adapter(given),
    method: method(given),
    ...(dropping !== undefined && { dropping }),
  };
}

/** Says whether the table has an arm of this id. @example isArmId("mezo-lora") // true */
export function isArmId(id: unknown): id is ArmId {
  return armRows.some((row) => row.id === id);
}

/** Gives the row of an id. @example armRow("tt-constant-q").title // "TT, constant Q" */
export function armRow(id: ArmId): ArmRow {
  return armRows.find((row) => row.id === id) ?? fail("arm", `one of ${armRows.map((row) => row.id).join(", ")}`, id);
}

/**
 * Gives the row of an arm by its id or by its name in records; null where it is no arm of the table, but one of the reader's own.
 * @example rowOf("LoRA + schedule")?.id // "lora-schedule"
 */
export function rowOf(which: string): ArmRow | null {
  return armRows.find((row) => row.id === which || recordedName(row) === which) ?? null;
}

/** Gives the name that the settings of an arm's runs hold, which decides their keys. @example recordedName(armRow("mezo")) // "MeZO" */
export function recordedName({ id, recordedAs = id }: Pick<ArmRow, "id" | "recordedAs">): string {
  return recordedAs;
}

/** Says whether a run's arm is the one that is asked for, by its id or as it is recorded. @example isArm("AdaZeta", "adazeta") // true */
export function isArm(name: string, which: string): boolean {
  return name === which || armRows.some((row) => row.id === which && recordedName(row) === name);
}

/** Gives what is shown for a run's arm: its row's title; the name itself where it is the reader's own. @example armTitle("my own") // "my own" */
export function armTitle(name: string): string {
  return armRows.find((row) => recordedName(row) === name)?.title ?? name;
}

/** Gives the title of an arm that is asked for by its id, or as it is recorded. @example titleOf("lora-schedule") // "LoRA + schedule" */
export function titleOf(which: string): string {
  return rowOf(which)?.title ?? which;
}

/** Gives what published tables call a run's arm. @example printedName("MeZO-LoRA") // "MeZO-LoRA" */
export function printedName(name: string): string {
  return armRows.find((row) => recordedName(row) === name)?.printedAs ?? name;
}
