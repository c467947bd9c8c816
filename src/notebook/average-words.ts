import type { RunResult } from "../train/train";

/** Says what the mean of a run's last points came to on dev, beside the best point and the last; null where it has none. */
export function averageWords({
  average,
  best,
  evaluations,
}: Pick<RunResult, "average" | "best" | "evaluations">): string | null {
  if (average === undefined) return null;
  const loss = (value: number | undefined): string => (value === undefined ? "unknown" : value.toFixed(4));
  const what =
    average.momentum === undefined
      ? `the mean of the points after steps ${average.steps.join(", ")}`
      : `the running mean of all points (momentum ${average.momentum})`;
  return (
    `${what} has dev loss ${loss(average.loss)}; ` +
    `the best one ${loss(best?.evaluation.loss)}, the last one ${loss(evaluations.at(-1)?.loss)}`
  );
}
