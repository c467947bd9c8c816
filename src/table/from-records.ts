import { fail } from "../check/check";
import { asRun } from "../experiment/record";
import type { ExperimentRecord } from "../experiment/record";
import { classChance } from "../task/chance";
import type { RunRecord } from "./record";

/** Which learning rate a run is filed under: the one its arm ran at, or the study's, of which an arm may take a fraction. */
export type RateOf = "arm" | "study";

/**
 * Gives records of an experiment as tables and figures take them, named by the arm's own name.
 * @throws when a record does not say its arm's name, its method's rate or its classes
 * @example recordedRuns(readRecords("data/results/divergence-minilm-trec.jsonl").records)[0].arm // "AdaZeta"
 */
export function recordedRuns(records: readonly ExperimentRecord[], rate: RateOf = "arm"): readonly RunRecord[] {
  return records.map((record) => {
    const at = (value: unknown, ...path: readonly string[]): unknown =>
      path.reduce<unknown>(
        (inner, key) => (inner as Readonly<Record<string, unknown>> | null | undefined)?.[key],
        value,
      );
    const arm = at(record.settings, "arm", "name");
    // An arm without steps has a kind in place of a method, and no rate.
    const still = at(record.settings, "arm", "kind") !== undefined;
    const own = still
      ? 0
      : (at(record.settings, "arm", "method", "learningRate", "value") ??
        at(record.settings, "arm", "method", "learningRate", "initial") ??
        at(record.settings, "arm", "method", "learningRate", "from"));
    const classes = at(record.extra, "counts", "train", "length");
    const chance = at(record.extra, "chanceLoss");
    if (typeof arm !== "string") return fail(`record ${record.key}: settings.arm.name`, "a name", arm);
    if (typeof own !== "number")
      return fail(`record ${record.key}: settings.arm.method.learningRate`, "a constant, or one that has a start", own);
    if (typeof classes !== "number") return fail(`record ${record.key}: extra.counts.train`, "a list", classes);
    const learningRate = rate === "arm" ? own : record.learningRate;
    const dev = at(record.extra, "counts", "dev");
    const devCounts = Array.isArray(dev) ? (dev as readonly number[]) : [];
    const devTexts = devCounts.reduce((sum, count) => sum + count, 0);
    // Records of classes say how many dev texts each has, whatever an earlier version took for chance; null where there is none.
    const byClass = devCounts.length > 1 && devTexts > 0 ? classChance(devCounts).loss : null;
    const chanceLoss = byClass ?? (typeof chance === "number" ? chance : chance === null ? null : Math.log(classes));
    return { ...asRun(record), arm, learningRate, chanceLoss, ...(devTexts > 0 ? { devTexts } : {}) };
  });
}
