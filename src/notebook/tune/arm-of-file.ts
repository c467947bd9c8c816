import type { Arm } from "../../experiment/arm";
import type { Trainable } from "../../experiment/problem";
import { fail } from "../../check/check";
import { adapterChosen } from "./adapter-fields";
import { methodChosen, WHOLE, wellSpentFor } from "./method-chosen";
import type { RunFile } from "./run-file";

/**
 * Gives the arm that a settings file describes on its problem, with everything that it left open decided.
 * @throws when the method lacks what nothing else decides (`methodChosen`)
 */
export function armOfFile(run: RunFile, problem: Trainable<unknown>): Arm {
  const { budget, batchSize = 8 } = run;
  const { adapter, method } = partsOf(run, problem, problem.batches(batchSize).stepsPerEpoch);
  const called = run.method.kind === "well-spent" ? WHOLE : method.name;
  return { name: run.name ?? called, adapter, method, budget, batchSize };
}

function partsOf(
  { method, budget, adapter }: RunFile,
  { loaded: { model } }: Trainable<unknown>,
  stepsPerEpoch: number,
) {
  if (method.kind !== "well-spent") {
    const spec = adapterChosen(adapter ?? { kind: "tensor-train" }, model);
    return { adapter: spec, method: methodChosen(method, budget, stepsPerEpoch) };
  }
  const whole = wellSpentFor(method, model, budget, stepsPerEpoch);
  if (adapter === undefined) return whole;
  const spec = adapterChosen(adapter, model);
  if (spec.kind !== whole.adapter.kind && method.learningRate === undefined)
    return fail("method.learningRate", `a learning rate, or a recipe by its name: the rate of ${WHOLE} was chosen for ${whole.adapter.kind}, not for ${spec.kind}`, "nothing"); // prettier-ignore
  return { ...whole, adapter: spec };
}
