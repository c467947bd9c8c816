import { fail } from "../check/check";
import type { BatchMetricName } from "../task/batch-metrics";
import type { WritingSpec } from "../task/objective-spec";
import { ownReward } from "../task/reward";
import { rewards } from "../task/rewards";
import type { ObjectiveChoice } from "./objective-choice";

/** One of the project's rewards by its name, and how answers are written for it: plain data, so that it is a part of a run's key. */
export interface PlannedReward extends WritingSpec {
  readonly reward: keyof typeof rewards;
}

/** What a planned run is trained for in place of its task's loss. */
export type PlannedObjective = BatchMetricName | PlannedReward;

/**
 * Gives what a planned run is trained for: a reward's name stands for its function. A reward that is changed is given another name: a run that has its
 * record is never made again.
 * @example plannedObjective("accuracy") // "accuracy"
 * @throws when there is no reward of that name, or answers cannot be written so
 */
export function plannedObjective(planned: PlannedObjective | undefined): ObjectiveChoice | undefined {
  if (planned === undefined || typeof planned === "string") return planned;
  const { reward: name, newTokens, stop, temperature, samples } = planned;
  const reward = Object.hasOwn(rewards, name)
    ? rewards[name]
    : fail("objective.reward", `one of ${Object.keys(rewards).join(", ")}`, name);
  return ownReward({ name, reward, newTokens, stop, temperature, samples });
}
