import type { ModelSession } from "../engine/session";
import { evaluateReadout, readAll } from "../task/classifier";
import type { Evaluation } from "../task/classifier";
import { fitProbe } from "./linear-probe";
import type { FittedProbe } from "./linear-probe";
import type { Problem } from "./problem";

/** A linear probe on a problem's frozen features, and its one look at test. */
export interface FrozenProbe extends FittedProbe {
  readonly test: Evaluation;
}

/**
 * Fits a linear probe on the frozen features of a problem's labelled texts, with the C that is best on dev: what every tuned encoder has to
 * be compared with, for it costs one forward pass a text.
 * For example `(await frozenProbe(problem, session, "all")).test.accuracy`: 0.83.
 * @param session the problem's model without an adapter
 * @param which "all" labelled texts that tuning has seen, the prototypes' among them, or the training texts alone, as in the recorded grids
 */
export async function frozenProbe(
  problem: Problem,
  session: ModelSession,
  which: "all" | "train",
  strengths?: readonly number[],
): Promise<FrozenProbe> {
  const { shots, train, dev, test, readout } = problem;
  const texts = await readAll(session, which === "all" ? [...shots, ...train] : train);
  const fitted = fitProbe(texts, await readAll(session, dev), readout.classes, strengths);
  return { ...fitted, test: evaluateReadout(fitted.readout, await readAll(session, test)) };
}
