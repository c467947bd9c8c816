import { titleOf } from "../experiment/arms";
import type { Decision } from "../experiment/frozen-choice";
import { isStill } from "../experiment/plan";
import { startOf } from "../experiment/searched";
import { recordedRuns } from "./from-records";
import type { PlannedRecord } from "./paper-cells";
import type { RunRecord } from "./record";

/** Curves in one figure. */
const MOST = 7;

/**
 * Gives the search's runs of what a reader compares, each at its best rate and called by its start too: the chosen arm and those tied with it, then
 * what is no candidate, the lowest first, seven at most.
 * @param planned of one model's search
 * For example `chosenCurves(records.planned, decision.models[0])[0].arm`: "LoRA-XS, 15 directional, from probe".
 */
export function chosenCurves(
  planned: readonly PlannedRecord[],
  { arms }: Pick<Decision["models"][number], "arms">,
): readonly RunRecord[] {
  const order = [
    ...arms.filter(({ chosen }) => chosen),
    ...arms.filter(({ tied, chosen }) => tied && !chosen).slice(0, 2),
    ...arms.filter(({ candidate, learningRate }) => !candidate && learningRate !== null),
  ].slice(0, MOST);
  return order.flatMap(({ arm, start, learningRate }) => {
    const own = planned.flatMap(
      ({ cell, record }) =>
      record !== null && cell.arm === arm && !isStill(cell.settings.arm) && startOf(cell.settings) === start && cell.learningRate === learningRate ? [record] : [], // prettier-ignore
    );
    return recordedRuns(own, "study").map((run) => ({
      ...run,
      learningRate: 0,
      arm: `${titleOf(arm)}, from ${start}`,
    }));
  });
}
