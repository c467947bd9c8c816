import type { ColumnTable } from "arquero";
import { grouped } from "../check/grouped";
import { armTitle, recordedName, armRow } from "../experiment/arms";
import type { ArmId } from "../experiment/arms";
import { isStill } from "../experiment/plan";
import type { QuantizedFindings } from "../experiment/quantized-settings";
import type { StudyExtra } from "../experiment/study-run";
import { lowBitsName } from "../model/low-bits";
import type { PlannedRecord } from "./paper-cells";
import { oneRunASeed } from "./record";
import { tableOf } from "./rows";
import { pairedValues, spread, tInterval95 } from "./statistics";

/** A recorded run of a model that was brought to few bits. */
export interface QuantizedRun {
  /** As it is recorded. */
  readonly arm: string;
  readonly seed: number;
  /** "W4A8". */
  readonly bits: string;
  /** Share of right answers on test, of the definition in fp32. */
  readonly accuracy: number;
  readonly found: QuantizedFindings;
}

/** Gives the recorded runs of an experiment that brought a model to few bits, in the experiment's order. For example `quantizedRuns(records.planned).length`. */
export function quantizedRuns(planned: readonly PlannedRecord[]): readonly QuantizedRun[] {
  return planned.flatMap(({ cell, record }) => {
    const { arm } = cell.settings;
    const extra = record?.extra as Partial<StudyExtra> | null | undefined;
    if (!isStill(arm) || arm.kind !== "quantized" || !extra?.quantized || !extra.test) return [];
    return [{ arm: arm.name, seed: cell.seed, bits: lowBitsName(arm), accuracy: extra.test.accuracy, found: extra.quantized }]; // prettier-ignore
  });
}

/**
 * Gives, for each number of bits and each way, means over the seeds: the shares of right answers on test by the definition and by the engine, and how far
 * the answers are from the teacher's (KL in nats) by both; a number that was not measured is null.
 * @throws when there is no run, or a seed has two of one way at so many bits
 */
export function quantizedTable(runs: readonly QuantizedRun[]): ColumnTable {
  requireSeedsOnce(runs);
  const mean = (values: readonly number[]): number | null => (values.length === 0 ? null : spread(values).mean);
  return tableOf(
    grouped(runs, wayOf).map((group) => {
      const engines = group.flatMap(({ found }) => found.engine ?? []);
      return {
        bits: group[0].bits,
        way: armTitle(group[0].arm),
        seeds: group.length,
        teacher: mean(group.map(({ found }) => found.teacher.accuracy)),
        "accuracy, definition": mean(group.map(({ accuracy }) => accuracy)),
        "accuracy, engine": mean(engines.map(({ accuracy }) => accuracy)),
        "engine's form": [...new Set(engines.map(({ precision }) => precision))].join(", ") || "not asked",
        "KL, definition": mean(group.map(({ found }) => found.divergence)),
        "KL, engine": mean(engines.map(({ divergence }) => divergence)),
        "passes forward": mean(group.map(({ found }) => found.passes.forward)),
        "passes back": mean(group.map(({ found }) => found.passes.backward)),
      };
    }),
  );
}

/** A paired difference of two ways over the seeds that both have. */
export interface PairedWays {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly seeds: number;
}

/**
 * Gives how much farther from the teacher one way is than another at so many bits: the mean of the differences of their KL on test, seed by seed, with
 * Student's 95 % interval.
 * For example `pairedWays(runs, "W4A8", "quantized-zsaq", "quantized-generated")?.mean`: negative where the first is closer.
 * @returns null where fewer than two seeds have both
 */
export function pairedWays(runs: readonly QuantizedRun[], bits: string, id: ArmId, other: ArmId): PairedWays | null {
  requireSeedsOnce(runs);
  const of = (which: ArmId) =>
    new Map(
      runs
        .filter((run) => run.bits === bits && run.arm === recordedName(armRow(which)))
        .map(({ seed, found }) => [seed, found.divergence]),
    );
  const differences = pairedValues(of(id), of(other));
  if (differences.length < 2) return null;
  const { low, high } = tInterval95(differences);
  return { mean: spread(differences).mean, low, high, seeds: differences.length };
}

/**
 * Gives how the distance from the teacher on dev grows along random directions, for each number of bits and way: the mean over directions, both sides and
 * seeds, at each distance (a share of each row's own length), less that at the point.
 * @throws when no run was measured so
 */
export function alongTable(runs: readonly QuantizedRun[]): ColumnTable {
  requireSeedsOnce(runs);
  const measured = runs.filter(({ found }) => found.along !== null);
  return tableOf(
    grouped(measured, wayOf).map((group) => {
      const { distances } = group[0].found.along!;
      const sizes = [...new Set(distances.map(Math.abs))].filter((size) => size > 0).sort((a, b) => a - b);
      const riseAt = (size: number): number =>
        spread(
          group.flatMap(({ found }) => {
            const along = found.along!;
            const middle = along.distances.indexOf(0);
            return along.values.flatMap((row) =>
              along.distances.flatMap((distance, i) => (Math.abs(distance) === size ? [row[i]! - row[middle]!] : [])),
            );
          }),
        ).mean;
      return {
        bits: group[0].bits,
        way: armTitle(group[0].arm),
        ...Object.fromEntries(sizes.map((size) => [`rise at ${size}`, riseAt(size)])),
      };
    }),
  );
}

/** A way at so many bits is what an arm is elsewhere. */
function requireSeedsOnce(runs: readonly QuantizedRun[]): void {
  oneRunASeed(runs.map((run) => ({ arm: wayOf(run), seed: run.seed, learningRate: 0 })));
}

const wayOf = ({ bits, arm }: QuantizedRun): string => `${bits} ${arm}`;
