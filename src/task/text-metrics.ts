import { exactMatch, tokenF1 } from "./answer-metrics";

/** The metrics of written answers that a run may have as its objective: each compares an answer with the accepted ones. */
export const textMetrics = { "exact match": exactMatch, "token f1": tokenF1 } as const satisfies Readonly<
  Record<string, (text: string, accepted: readonly string[]) => number>
>;

export type TextMetricName = keyof typeof textMetrics;

/** Says whether a name is a metric of written answers. @example isTextMetric("token f1") // true */
export function isTextMetric(name: string): name is TextMetricName {
  return Object.hasOwn(textMetrics, name);
}
