import { fail, finiteNumber, nonNegativeInteger, positiveInteger, unreachable } from "../check/check";
import { checkPowerLaw, powerLawAt, type PowerLaw } from "./power-law";

/** A number that may change during training, as plain data: it goes into trajectories and records. */
export type Schedule = Constant | Linear | Steps | PowerLaw;

export interface Constant {
  readonly kind: "constant";
  readonly value: number;
}

/** from + (to - from) t / over, t counted in steps or epochs; `to` from t = over on. */
export interface Linear {
  readonly kind: "linear";
  readonly from: number;
  readonly to: number;
  readonly over: number;
  readonly unit: "step" | "epoch";
}

/** `initial`, and from each change's `at` on (steps or epochs) that change's value. */
export interface Steps {
  readonly kind: "steps";
  readonly initial: number;
  /** In increasing order of `at`. */
  readonly changes: readonly { readonly at: number; readonly value: number }[];
  readonly unit: "step" | "epoch";
}

/** A moment of training: whole epochs completed and steps completed, both from 0. */
export interface TrainingMoment {
  readonly epoch: number;
  readonly step: number;
}

/**
 * Makes a constant schedule from a number; a schedule as it is.
 * @throws naming `what`, when the value is neither
 */
export function scheduleOf(value: number | Schedule, what = "schedule"): Schedule {
  if (typeof value !== "number" && (typeof value !== "object" || value === null))
    fail(what, "a number or a schedule {kind, ...}", value);
  return typeof value === "number" ? { kind: "constant", value } : value;
}

/**
 * Gives the value of a schedule at a moment of training.
 * @throws when the schedule is malformed (see `checkSchedule`) or the moment is not two counts
 * @example scheduleAt({ kind: "linear", from: 1, to: 9, over: 4, unit: "epoch" }, { epoch: 1, step: 63 }) // 3
 */
export function scheduleAt(schedule: Schedule, moment: TrainingMoment): number {
  checkSchedule("schedule", schedule);
  nonNegativeInteger("epoch", moment.epoch);
  nonNegativeInteger("step", moment.step);
  switch (schedule.kind) {
    case "constant":
      return schedule.value;
    case "linear": {
      const share = Math.min(moment[schedule.unit] / schedule.over, 1);
      return schedule.from + (schedule.to - schedule.from) * share;
    }
    case "steps":
      return schedule.changes.reduce(
        (value, change) => (moment[schedule.unit] >= change.at ? change.value : value),
        schedule.initial,
      );
    case "power-law":
      return powerLawAt(schedule, moment.epoch);
    default:
      return unreachable(schedule);
  }
}

/**
 * Gives the number of queries at a moment: the schedule's value rounded down, at least 1.
 * @example queriesAt({ kind: "constant", value: 4 }, { epoch: 0, step: 0 }) // 4
 */
export function queriesAt(schedule: Schedule, moment: TrainingMoment): number {
  return Math.max(1, Math.floor(scheduleAt(schedule, moment)));
}

/**
 * Checks a schedule that came from outside (a cell, a file).
 * @param least what its values must not be below; default: anything
 * @throws naming the field, for example "queries.over: expected a positive integer, got 0"
 */
export function checkSchedule(what: string, schedule: Schedule, least = -Infinity): Schedule {
  const number = (name: string, value: number): void => {
    if (finiteNumber(`${what}.${name}`, value) < least) fail(`${what}.${name}`, `at least ${least}`, value);
  };
  if (typeof schedule !== "object" || schedule === null) fail(what, "a schedule {kind, ...}", schedule);
  switch (schedule.kind) {
    case "constant":
      number("value", schedule.value);
      return schedule;
    case "linear":
      number("from", schedule.from);
      number("to", schedule.to);
      positiveInteger(`${what}.over`, schedule.over);
      checkUnit(what, schedule.unit);
      return schedule;
    case "steps":
      number("initial", schedule.initial);
      checkUnit(what, schedule.unit);
      if (!Array.isArray(schedule.changes)) fail(`${what}.changes`, "a list of {at, value}", schedule.changes);
      schedule.changes.forEach((change, i) => {
        if (typeof change !== "object" || change === null) fail(`${what}.changes[${i}]`, "an {at, value}", change);
        number(`changes[${i}].value`, change.value);
        nonNegativeInteger(`${what}.changes[${i}].at`, change.at);
        const before = i === 0 ? -1 : schedule.changes[i - 1].at;
        if (change.at <= before) fail(`${what}.changes[${i}].at`, `more than ${before}, the change before`, change.at);
      });
      return schedule;
    case "power-law":
      checkPowerLaw(what, schedule);
      return schedule;
    default:
      return fail(`${what}.kind`, "constant, linear, steps or power-law", (schedule as { kind: unknown }).kind);
  }
}

function checkUnit(what: string, unit: string): void {
  if (unit !== "step" && unit !== "epoch") fail(`${what}.unit`, '"step" or "epoch"', unit);
}
