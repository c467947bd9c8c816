import { fail, finiteNumber, nonNegativeInteger, positiveInteger, positiveNumber, unreachable } from "../check/check";

/**
 * AdaZeta's query schedule in the four forms that its authors' code has had; e is the epoch, from 0:
 *   "current"        min(max(floor(alpha e^beta), 1), cap)
 *   "june-2024"      min(max(initial + floor(alpha e^beta), 1), cap), the first public code, initial = 1
 *   "december-2024"  min(max(floor(alpha e^beta), lower), cap), the distributed trainer, lower = 3, cap = 20
 *   "roberta"        max(floor(e^beta), 1), the RoBERTa trainer's: no multiplier, no cap
 * Source: yifanycc/AdaZeta@3659ba3, and @298aaea for "june-2024".
 */
export type PowerLaw = CurrentPowerLaw | June2024PowerLaw | December2024PowerLaw | RobertaPowerLaw;

/** beta itself, or what it is derived from: so that the curve reaches `target` after `epochs` epochs. */
export type Exponent = number | { readonly target: number; readonly epochs: number };

interface Common {
  readonly kind: "power-law";
  /** beta. */
  readonly exponent: Exponent;
}

export interface CurrentPowerLaw extends Common {
  readonly form: "current";
  /** alpha. */
  readonly multiplier: number;
  readonly cap: number;
}

export interface June2024PowerLaw extends Common {
  readonly form: "june-2024";
  readonly multiplier: number;
  readonly cap: number;
  readonly initial: number;
}

export interface December2024PowerLaw extends Common {
  readonly form: "december-2024";
  readonly multiplier: number;
  readonly cap: number;
  readonly lower: number;
}

export interface RobertaPowerLaw extends Common {
  readonly form: "roberta";
}

/** Gives the schedule's value in epoch e: a whole number, at least 1. Checked by `scheduleAt`, trusted here. */
export function powerLawAt(law: PowerLaw, epoch: number): number {
  const beta = exponentOf(law);
  switch (law.form) {
    case "current":
      return Math.min(Math.max(Math.floor(law.multiplier * epoch ** beta), 1), law.cap);
    case "june-2024":
      return Math.min(Math.max(law.initial + Math.floor(law.multiplier * epoch ** beta), 1), law.cap);
    case "december-2024":
      return Math.min(Math.max(Math.floor(law.multiplier * epoch ** beta), law.lower), law.cap);
    case "roberta":
      return Math.max(Math.floor(epoch ** beta), 1);
    default:
      return unreachable(law);
  }
}

/**
 * Computes beta, given or derived: alpha E^beta = target, so beta = ln(target / alpha) / ln E ("june-2024": target - initial).
 * @example exponentOf({ kind: "power-law", form: "current", multiplier: 0.85, exponent: { target: 20, epochs: 160 }, cap: 15 }).toFixed(3) // "0.622"
 */
export function exponentOf(law: PowerLaw): number {
  if (typeof law.exponent === "number") return law.exponent;
  const { target, epochs } = law.exponent;
  const multiplier = law.form === "roberta" ? 1 : law.multiplier;
  const start = law.form === "june-2024" ? law.initial : 0;
  return Math.log((target - start) / multiplier) / Math.log(epochs);
}

/** @throws naming the field that is out of range */
export function checkPowerLaw(what: string, law: PowerLaw): void {
  switch (law.form) {
    case "current":
      positiveNumber(`${what}.multiplier`, law.multiplier);
      positiveInteger(`${what}.cap`, law.cap);
      break;
    case "june-2024":
      positiveNumber(`${what}.multiplier`, law.multiplier);
      positiveInteger(`${what}.cap`, law.cap);
      nonNegativeInteger(`${what}.initial`, law.initial);
      break;
    case "december-2024":
      positiveNumber(`${what}.multiplier`, law.multiplier);
      positiveInteger(`${what}.lower`, law.lower);
      if (positiveInteger(`${what}.cap`, law.cap) < law.lower) {
        fail(`${what}.cap`, `at least the lower bound ${law.lower}`, law.cap);
      }
      break;
    case "roberta":
      break;
    default:
      fail(`${what}.form`, "current, june-2024, december-2024 or roberta", (law as { form: unknown }).form);
  }
  if (typeof law.exponent === "object" && law.exponent !== null) {
    const least = law.form === "june-2024" ? law.initial : 0;
    if (positiveNumber(`${what}.exponent.target`, law.exponent.target) <= least) {
      fail(`${what}.exponent.target`, `more than the initial ${least} queries`, law.exponent.target);
    }
    if (positiveNumber(`${what}.exponent.epochs`, law.exponent.epochs) <= 1) {
      fail(`${what}.exponent.epochs`, "more than 1 epoch (or give the exponent as a number)", law.exponent.epochs);
    }
  } else finiteNumber(`${what}.exponent`, law.exponent);
  if (exponentOf(law) < 0) fail(`${what}.exponent`, "at least 0, a schedule that does not fall", law.exponent);
}
