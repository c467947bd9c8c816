import { unreachable } from "../check/check";

/** Where a number comes from. Every table and figure says it. */
export type Origin =
  | {
      readonly kind: "measured";
      /** ISO date, e.g. "2026-08-01". */
      readonly date: string;
      readonly model: string;
      readonly data: string;
      readonly seeds: readonly number[];
      readonly commit: string;
      /** What must be known to judge the numbers, e.g. `faultRemark`; null or absent: nothing. */
      readonly remark?: string | null;
    }
  | { readonly kind: "reported"; readonly source: string };

/**
 * Writes one line of plain text (not escaped).
 * For example `describeOrigin({ kind: "measured", date: "2026-08-01", model: "MiniLM-L6", data: "TREC", seeds: [0, 1], commit: "abc1234" })`.
 * @example describeOrigin({ kind: "reported", source: "AdaZeta, Table 1" }) // "reported by AdaZeta, Table 1"
 * // "measured here, 2026-08-01, MiniLM-L6, TREC, seeds 0, 1, commit abc1234"
 */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case "measured": {
      const { date, model, data, seeds, commit, remark = null } = origin;
      const seedText = seeds.length === 0 ? "no seed" : `${seeds.length === 1 ? "seed" : "seeds"} ${seedList(seeds)}`;
      return `measured here, ${date}, ${model}, ${data}, ${seedText}, commit ${commit.slice(0, 7)}${remark === null ? "" : `; ${remark}`}`;
    }
    case "reported":
      return `reported by ${origin.source}`;
    default:
      return unreachable(origin);
  }
}

/** "0, 1, 2" or, for a run of more than three, "0-4". */
function seedList(seeds: readonly number[]): string {
  const sorted = [...new Set(seeds)].sort((a, b) => a - b);
  const consecutive = sorted.every((seed, i) => seed === sorted[0]! + i);
  return consecutive && sorted.length > 3 ? `${sorted[0]}-${sorted.at(-1)}` : sorted.join(", ");
}
