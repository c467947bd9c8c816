import type { Arm } from "../../experiment/arm";
import type { Trainable } from "../../experiment/problem";
import { adapterChosen } from "./adapter-fields";
import { methodChosen } from "./method-chosen";
import type { RunFile } from "./run-file";

/**
 * Gives the arm that a settings file describes on its problem, with everything that it left open decided.
 * @throws when the method lacks what nothing else decides (`methodChosen`)
 */
export function armOfFile(run: RunFile, problem: Trainable<unknown>): Arm {
  const { budget, batchSize = 8, adapter = { kind: "tensor-train" } } = run;
  const method = methodChosen(run.method, budget, problem.batches(batchSize).stepsPerEpoch);
  const spec = adapterChosen(adapter, problem.loaded.model);
  return { name: run.name ?? method.name, adapter: spec, method, budget, batchSize };
}
