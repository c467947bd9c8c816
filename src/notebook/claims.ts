import { fail } from "../check/check";

/**
 * Checks what a notebook claims, and prints each claim that holds.
 * For example `claims({ "the rank of W is at most 5": rank <= 5 })`: prints "holds: the rank of W is at most 5".
 * @param list each claim in words, and whether it holds; null: nothing was measured that could decide it, which is said in place of "holds"
 * @throws naming every claim that does not hold
 */
export function claims(list: Readonly<Record<string, boolean | null>>): void {
  const entries = Object.entries(list);
  if (entries.length === 0) fail("claims", "at least one claim", list);
  const broken = entries.filter(([, holds]) => holds !== true && holds !== null).map(([claim]) => claim);
  if (broken.length > 0)
    throw new Error(`${broken.length} of ${entries.length} claims do not hold: ${broken.join("; ")}`);
  console.log(entries.map(([claim, holds]) => `${holds === null ? "not measured yet" : "holds"}: ${claim}`).join("\n"));
}
