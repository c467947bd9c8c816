import { fail, positiveInteger, positiveNumber } from "../../check/check";
import type { Exponent, PowerLaw } from "../../schedule/power-law";
import { queriesAt, type Schedule } from "../../schedule/schedule";
import { compose, type MethodOptions } from "../compose";
import type { Method } from "../method";

/** What a decay in place of a schedule of queries is set by. */
export interface RateDecayOptions extends Omit<MethodOptions, "learningRate"> {
  /** eta at the start, default 1e-4. */
  readonly learningRate?: number;
  /** alpha of the schedule of queries, default 0.85. */
  readonly multiplier?: number;
  /** beta, or the queries to reach at the end of training. */
  readonly exponent: Exponent;
  /** Largest number of queries, default 15. */
  readonly cap?: number;
  /** Epochs of the schedule of queries that are spread, default 200. */
  readonly epochs?: number;
}

/**
 * Rate decay instead of more queries: MeZO with one query at eta / Q. What AdaZeta spends on Q queries of a step goes into Q steps, each Q times as
 * short: at equal forward passes both have the same sum of rates. An epoch of the schedule with Q queries is Q epochs here.
 * @throws naming the option that is out of range
 * @example rateDecay({ exponent: 1, cap: 2, multiplier: 1, learningRate: 1, epochs: 9 }).learningRate // { kind: "steps", initial: 1, changes: [{ at: 2, value: 0.5 }], unit: "epoch" }
 * Source: ours; the schedule of queries: arXiv 2406.18060.
 */
export function rateDecay({
  learningRate = 1e-4,
  multiplier = 0.85,
  exponent,
  cap = 15,
  epochs = 200,
  ...options
}: RateDecayOptions): Method {
  positiveNumber("learningRate", learningRate);
  if (positiveInteger("epochs", epochs) > MOST_EPOCHS) fail("epochs", `at most ${MOST_EPOCHS}`, epochs);
  const queries: PowerLaw = { kind: "power-law", form: "current", multiplier, exponent, cap };
  const decay: Schedule = { kind: "steps", initial: learningRate, changes: changesOf(queries, learningRate, epochs), unit: "epoch" }; // prettier-ignore
  return compose("rate-decay", { directions: { kind: "gaussian" } }, { ...options, learningRate: decay });
}

/** Each epoch is looked at when the method is made. */
const MOST_EPOCHS = 1e5;

function changesOf(
  queries: PowerLaw,
  rate: number,
  epochs: number,
): readonly { readonly at: number; readonly value: number }[] {
  const changes: { readonly at: number; readonly value: number }[] = [];
  let [own, last] = [0, 1];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const now = queriesAt(queries, { epoch, step: 0 });
    if (now !== last) changes.push({ at: own, value: rate / now });
    last = now;
    own += now;
  }
  return changes;
}
