import { fail } from "../check/check";
import type { ModelSession } from "../engine/session";
import { frozenProbe } from "./frozen-probe";
import type { StillArm } from "./plan";
import { FROZEN } from "./plan";
import { isProblem } from "./problem";
import type { Scores, Trainable } from "./problem";
import type { StillResult } from "./record";

/** An arm of the frozen model. */
export type FrozenArm = Exclude<StillArm, { readonly kind: "quantized" }>;

/** What an arm without steps measured, and its one look at test. */
export interface StillScores {
  readonly still: StillResult;
  readonly test: Scores;
  /** The probe's C that was best on dev, and the dev loss of each. */
  readonly chosen: { readonly strength: number; readonly losses: readonly number[] } | null;
}

const NOTHING = new Float32Array(0);

/**
 * Measures the frozen model as it is, or with a linear probe on its features whose C is the one with the lowest loss on dev.
 * @param session the problem's model without an adapter
 * @throws when a probe is asked for on a task without classes
 */
export async function runStill(
  arm: FrozenArm,
  problem: Trainable<unknown>,
  session: ModelSession,
  clock: () => number,
): Promise<StillScores> {
  const begin = clock();
  const result = (dev: StillResult["dev"], parameters: number, message: string): StillResult => ({
    model: session.id,
    adapter: FROZEN,
    data: problem.dataHash,
    parameters,
    dev,
    message,
    elapsedMs: clock() - begin,
  });
  if (arm.kind === "zero-shot") {
    const dev = await problem.evaluate(session, NOTHING, "dev", FROZEN);
    const test = await problem.evaluate(session, NOTHING, "test", FROZEN);
    return { still: result(dev, 0, `zero-shot: dev loss ${dev.loss.toFixed(4)}`), test, chosen: null };
  }
  if (!isProblem(problem))
    return fail(`linear probe on ${problem.task.name}`, "a task with classes", problem.task.name);
  const probe = await frozenProbe(problem, session, "train", arm.strengths);
  const { readout, strength, dev: found, losses, test } = probe;
  const dev = { ...found, forwardPasses: problem.dev.length };
  const parameters = readout.classes * (readout.width + 1);
  return {
    still: result(dev, parameters, `probe with C = ${strength}: dev loss ${dev.loss.toFixed(4)}`),
    test: { ...test, forwardPasses: problem.test.length, metrics: problem.metricsOf("test", test.predictions) },
    chosen: { strength, losses },
  };
}
