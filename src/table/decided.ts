import { titleOf } from "../experiment/arms";
import type { Decision, FrozenArm, FrozenChoice } from "../experiment/frozen-choice";
import { formatNumber, formatRate } from "./number";
import type { ShownTable } from "./published/beside";
import { tableOf } from "./rows";

/**
 * Lists what a choice was decided on for one model, the lowest mean first: which arms may be chosen, which are tied with the lowest of those, and which
 * one was taken.
 * For example `decidedTable(readDecision()!.models[0]).table.columnNames()[0]`: "arm".
 */
export function decidedTable({ model, noise, arms }: Decision["models"][number]): ShownTable {
  const rows = arms.map(
    ({ arm, start, learningRate, atEdge, mean, losses, numbers, parts, candidate, tied, chosen }) => ({
      arm: titleOf(arm),
      start,
      "learning rate": rateWords(learningRate) + (atEdge ? " (edge)" : ""),
      "lowest dev loss": mean,
      seeds: losses.map((loss) => formatNumber(loss, 3)).join(", "),
      numbers,
      parts: candidate ? String(parts) : "",
      "": chosen ? "chosen" : tied ? "tied" : candidate ? "" : "beside",
    }),
  );
  return {
    table: tableOf(rows),
    options: {
      caption: `${model}: noise ${formatNumber(100 * noise, 1)} % of the lowest mean`,
      digits: { "lowest dev loss": 3 },
    },
  };
}

/** Lists a choice: for each model its arms, what each is there for, where it starts and at which rate. For example `chosenTable(choice).table.numRows()`: 14. */
export function chosenTable(choice: FrozenChoice): ShownTable {
  const rows = (Object.entries(choice) as [string, readonly FrozenArm[]][]).flatMap(([model, arms]) =>
    arms.map(({ arm, role, start, learningRate }) => ({
      model,
      role,
      arm: titleOf(arm),
      start,
      "learning rate": rateWords(learningRate),
    })),
  );
  return { table: tableOf(rows), options: { caption: "the frozen choice" } };
}

function rateWords(rate: number | null): string {
  return rate === null ? "-" : formatRate(rate);
}
