import { fail, sameLength } from "../check/check";
import { grouped } from "../check/grouped";
import { accuracy } from "./metrics";

/**
 * Gives the share of groups of which every prediction is right: MultiRC's exact match, whose groups are questions.
 * @example groupExactMatch([1, 0, 1], [1, 0, 0], ["q1", "q1", "q2"]) // 0.5
 * Source: unsourced here; what SuperGLUE (arXiv 1905.00537) reports for MultiRC beside F1 over all answers.
 */
export function groupExactMatch(
  predictions: readonly number[],
  labels: readonly number[],
  groups: readonly string[],
): number {
  if (labels.length === 0) fail("labels", "at least one example", "none");
  sameLength("predictions", predictions.length, labels.length);
  sameLength("groups", groups.length, labels.length);
  const members = grouped([...groups.keys()], (i) => groups[i]);
  const whole = members.filter(
    (indices) =>
      accuracy(
        indices.map((i) => predictions[i]),
        indices.map((i) => labels[i]),
      ) === 1,
  );
  return whole.length / members.length;
}

/**
 * Gives the share of examples whose chosen option is one of the right ones.
 * @example choiceAccuracy([1, 0], [[0, 1], [2]]) // 0.5
 * Source: princeton-nlp/MeZO@552cb1b, large_models, metrics.py: a prediction in the list of right candidates counts.
 */
export function choiceAccuracy(chosen: readonly number[], right: readonly (readonly number[])[]): number {
  if (right.length === 0) fail("right", "at least one example", "none");
  sameLength("chosen", chosen.length, right.length);
  return chosen.filter((option, i) => right[i].includes(option)).length / right.length;
}
