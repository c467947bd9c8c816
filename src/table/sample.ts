import { table } from "arquero";
import type { ColumnTable } from "arquero";
import { textsIn } from "../task/sample";
import type { Sample } from "../task/sample";

/**
 * Says how many texts of each class every part of a sample has: one row a part that is not empty, one column a class, and the sum.
 * For example `sampleTable(sample, ["negative", "positive"]).columnNames()`: ["part", "negative", "positive", "all"].
 */
export function sampleTable({ counts }: Pick<Sample, "counts">, labels: readonly string[]): ColumnTable {
  const parts = (["prototypes", "train", "dev", "test"] as const).filter((part) => textsIn(counts[part]) > 0);
  return table({
    part: parts,
    ...Object.fromEntries(labels.map((label, c) => [label, parts.map((part) => counts[part][c])])),
    all: parts.map((part) => textsIn(counts[part])),
  });
}
