import { fail } from "../check/check";
import { grouped } from "../check/grouped";
import { armTitle, isArm, titleOf } from "../experiment/arms";
import { recordedRuns } from "./from-records";
import { formatNumber } from "./number";
import { paperCells, taskRuns } from "./paper-cells";
import type { PaperCell, PlannedRecord } from "./paper-cells";
import { fallOf, inDigits, inOrder, meanOf, movedIn, runWords } from "./run-words";
import type { RunWords } from "./run-words";

/**
 * What a reading says of an experiment's records: parts of sentences with their numbers, each arm at the rate that was best on dev. Arms are asked
 * for by their ids or their names in records, and called by their titles.
 */
export interface PaperWords {
  /** Arms of a task by the lowest dev loss, those without steps too. For example `"linear probe 0.43; AdaZeta 0.56"`. */
  lowest(task: string): string;
  /** Arms whose right answers on test cannot be a constant guess's. For example `"linear probe 75.8 %", or "none"`. */
  told(task: string): string;
  /** By how much each arm with steps lowered its own dev loss at best. For example `"AdaZeta 0.264; MeZO-LoRA 0.004"`. */
  falls(task: string): string;
  /** An arm's dev loss, from before the first step to the lowest. For example `"1.62 to 1.44"`. */
  moved(task: string, arm: string): string;
  /** How wide the 95 % intervals of the test scores are. For example `"5 to 47 points"`. */
  widths(task: string): string;
  /** An arm's test score of the task's metric, and a further one by name, in percent. For example `"22.0"`. */
  test(task: string, arm: string, metric?: string): string;
  /** Which of two arms has the lower dev loss at the end of its runs at a rate that both ran at. For example `"AdaZeta lower on sst5, wic; MeZO-LoRA on rte"`. */
  duel(one: string, other: string, ...tasks: readonly string[]): string;
  /** A task's runs at a learning rate of the study. */
  at(task: string, learningRate: number): RunWords;
}

/**
 * Computes what a notebook's reading says of an experiment's records, so that the sentence is true of whatever was recorded. What has no
 * record is "not measured".
 * For example `paperWords(records.planned).lowest("sst2")`: "linear probe 0.43; AdaZeta 0.56".
 */
export function paperWords(planned: readonly PlannedRecord[]): PaperWords {
  const cells = paperCells(planned);
  const ofTask = (task: string): readonly PaperCell[] => {
    const own = cells.filter((cell) => cell.task === task);
    return own.length > 0
      ? own
      : fail("task", `one of ${[...new Set(cells.map((cell) => cell.task))].join(", ")}`, task);
  };
  const cellOf = (task: string, arm: string): PaperCell =>
    ofTask(task).find((cell) => isArm(cell.arm, arm)) ??
    fail("arm", `one of ${ofTask(task).map((cell) => cell.arm).join(", ")}`, arm); // prettier-ignore
  /** The runs behind a cell: its task and arm at its rate; none where they recorded another loss than the trained one. */
  const runsOf = ({ task, arm, learningRate, devLoss }: PaperCell) =>
    recordedRuns(
      planned.flatMap(({ cell, record }) => {
        const { settings } = cell;
        const same = devLoss !== null && (cell.task ?? settings.task) === task && settings.arm.name === arm;
        return same && record !== null && record.learningRate === (learningRate ?? 0) ? [record] : [];
      }),
      "study",
    );
  return {
    lowest: (task) =>
      inOrder(
        ofTask(task).flatMap(({ arm, devLoss, seeds }) => (devLoss ? [{ arm, value: devLoss.mean, seeds }] : [])),
        2,
      ),
    told(task) {
      const told = ofTask(task).filter(({ test, atChance }) => test !== null && !atChance);
      const words = told.map(({ arm, test }) => `${armTitle(arm)} ${formatNumber(test!.mean, 1)} %`);
      return words.length === 0 ? "none" : words.join("; ");
    },
    falls: (task) =>
      inOrder(
        ofTask(task).flatMap((cell) => {
          const runs = cell.learningRate === null ? [] : runsOf(cell);
          const fall = meanOf(runs, fallOf);
          return fall === null ? [] : [{ arm: cell.arm, value: fall, seeds: runs.length }];
        }),
        3,
        true,
      ),
    moved: (task, arm) => movedIn(runsOf(cellOf(task, arm))),
    widths(task) {
      const widths = ofTask(task).flatMap(({ interval, atChance }) =>
        interval === null || atChance ? [] : [interval[1] - interval[0]],
      );
      if (widths.length === 0) return "not measured";
      return `${[Math.min(...widths), Math.max(...widths)].map((width) => formatNumber(width, 0)).join(" to ")} points`;
    },
    test(task, arm, metric) {
      const { test, metrics } = cellOf(task, arm);
      const score = metric === undefined ? test : (metrics[metric] ?? null);
      return inDigits(score?.mean ?? null, 1);
    },
    duel(one, other, ...tasks) {
      const ahead = tasks.map((task) => ({ task, lower: lowerAtEnd(planned, task, [one, other]) }));
      const on = (arm: string | null) => ahead.filter(({ lower }) => lower === arm).map(({ task }) => task);
      const parts = [one, other].flatMap((arm) =>
        on(arm).length > 0 ? [`${titleOf(arm)} lower on ${on(arm).join(", ")}`] : [],
      );
      const level = on(null).length > 0 ? [`level or not measured on ${on(null).join(", ")}`] : [];
      return [...parts, ...level].join("; ");
    },
    at: (task, learningRate) => runWords(taskRuns(planned, task).filter((run) => run.learningRate === learningRate)),
  };
}

/** The arm whose mean dev loss is lower at the end of its runs, by more than a hundredth of a nat, at the first rate that both ran at. */
function lowerAtEnd(planned: readonly PlannedRecord[], task: string, arms: readonly [string, string]): string | null {
  const both = grouped(
    taskRuns(planned, task).filter((run) => arms.some((arm) => isArm(run.arm, arm))),
    ({ learningRate }) => String(learningRate),
  ).find((runs) => arms.every((arm) => runs.some((run) => isArm(run.arm, arm))));
  if (both === undefined) return null;
  const [a, b] = arms.map((arm) =>
    meanOf(
      both.filter((run) => isArm(run.arm, arm)),
      ({ evaluations }) => evaluations.at(-1)?.loss ?? null,
    ),
  );
  if (a === null || b === null || Math.abs(a - b) < 0.01) return null;
  return a < b ? arms[0] : arms[1];
}
