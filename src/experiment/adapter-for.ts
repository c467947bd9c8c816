import type { AdapterSpec } from "../adapter/adapter";
import { fail } from "../check/check";
import type { Problem, Trainable } from "./problem";

/**
 * Makes an arm's adapter on a problem: a LoRA that trains the head at the label words gets their tokens; any other is as it was.
 * For example `adapterFor({ kind: "lora", rank: 8, alpha: 16, targets: ["query"], head: "label words" }, sst2OnRoberta)`: head: [6587, 372].
 * @throws when the problem is not scored at label words of a language-model head
 */
export function adapterFor(spec: AdapterSpec, problem: Trainable<unknown>): AdapterSpec {
  if (spec.kind !== "lora" || spec.head !== "label words") return spec;
  const { readout } = problem as Partial<Problem>;
  const tokens =
    readout?.head?.tokens ?? fail("lora.head", "a problem scored at label words of a head", problem.task.name);
  return { ...spec, head: tokens };
}
