import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fail } from "../check/check";

/** One part of a grid that several processes make beside each other: number `index`, from 0, of `count`. */
export interface Share {
  readonly index: number;
  readonly count: number;
}

/**
 * Reads a part of a grid as the command line has it.
 * @example parseShare("0/3") // { index: 0, count: 3 }
 * @throws when it is not of this form, or there are not so many parts
 */
export function parseShare(text: string): Share {
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text.trim()) ?? [];
  if (index === undefined || count === undefined) return fail("--part", "a part of so many, 0/3 to 2/3 say", text);
  return checkShare("--part", { index: Number(index), count: Number(count) });
}

function checkShare(what: string, share: Share): Share {
  const { index, count } = share;
  return count >= 1 && index < count
    ? share
    : fail(what, count >= 1 ? `a part from 0/${count} to ${count - 1}/${count}` : "at least one part", `${index}/${count}`); // prettier-ignore
}

/** What a process finds around it, by name. */
export type Surroundings = Readonly<Record<string, string | undefined>>;

/** The numbers that schedulers give the members of one job, from 0. */
const MEMBERS: Readonly<Record<string, (found: Surroundings, count: number) => number>> = {
  SLURM_ARRAY_TASK_ID: slurmIndex,
  JOB_COMPLETION_INDEX: (found) => numberOf("JOB_COMPLETION_INDEX", found),
  AWS_BATCH_JOB_ARRAY_INDEX: (found) => numberOf("AWS_BATCH_JOB_ARRAY_INDEX", found),
};

/**
 * Gives the part of `count` that is this process's by the number that its scheduler gave it: of a Slurm array, a Kubernetes indexed job or an AWS Batch array.
 * @example scheduledShare("4", { SLURM_ARRAY_TASK_ID: "3", SLURM_ARRAY_TASK_MIN: "1" }) // { index: 2, count: 4 }
 * @throws when there is no such number, two that differ, or one that is none of so many parts
 */
export function scheduledShare(parts: string, found: Surroundings): Share {
  if (!/^\d{1,6}$/.test(parts)) return fail("--parts", "how many parts the grid has", parts);
  const count = Number(parts);
  const given = Object.keys(MEMBERS).filter((name) => (found[name] ?? "") !== "");
  const [first] = given;
  if (first === undefined)
    return fail(
      "--parts",
      `the number of this part in ${Object.keys(MEMBERS).join(", ")} (without a scheduler: --part 0/${count})`,
      "none of them",
    );
  const indices = given.map((name) => MEMBERS[name](found, count));
  const other = indices.findIndex((index) => index !== indices[0]);
  if (other > 0)
    fail("--parts", `one number of this part, ${indices[0]} of ${first}`, `${indices[other]} of ${given[other]}`);
  return checkShare(`--parts with ${first}`, { index: indices[0], count });
}

function slurmIndex(found: Surroundings, count: number): number {
  const optional = (name: string, otherwise: number): number =>
    (found[name] ?? "") === "" ? otherwise : numberOf(name, found);
  // Of an array of which some tasks are submitted again, the least number is another one's.
  const tasks = optional("SLURM_ARRAY_TASK_COUNT", count);
  if (tasks !== count)
    fail("SLURM_ARRAY_TASK_COUNT", `${count}, as many tasks as --parts says (to make one part again: --part)`, tasks);
  const step = optional("SLURM_ARRAY_TASK_STEP", 1);
  const index = (numberOf("SLURM_ARRAY_TASK_ID", found) - optional("SLURM_ARRAY_TASK_MIN", 0)) / Math.max(step, 1);
  return Number.isSafeInteger(index) && index >= 0
    ? index
    : fail("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN and a whole number of steps", found["SLURM_ARRAY_TASK_ID"]);
}

function numberOf(name: string, found: Surroundings): number {
  const text = found[name] ?? "";
  return /^\d{1,9}$/.test(text) ? Number(text) : fail(name, "a number", text);
}

/**
 * Says whether a run is of a part: by its key alone, so that every process says the same and each run is of one part.
 * @example [0, 1, 2].filter((index) => isInShare("00000000000000ff", { index, count: 3 })) // [0]
 */
export function isInShare(key: string, { index, count }: Share): boolean {
  return Number(BigInt(`0x${key}`) % BigInt(count)) === index;
}

/**
 * Gives the file in which a part keeps its records, beside the one of the whole.
 * @example shareRecordsPath("data/results/rates.jsonl", { index: 0, count: 3 }) // "data/results/rates.part-0-of-3.jsonl"
 */
export function shareRecordsPath(recordsPath: string, { index, count }: Share): string {
  return recordsPath.replace(/\.jsonl$/, `.part-${index}-of-${count}.jsonl`);
}

const PART = /^(.*)\.part-(\d+)-of-(\d+)\.jsonl$/;

/** Gives the files that hold an experiment's records: its own, and those that parts of its grid have left beside it, by their numbers. */
export function recordFiles(recordsPath: string): readonly string[] {
  const folder = dirname(recordsPath);
  const whole = existsSync(recordsPath) ? [recordsPath] : [];
  const name = basename(recordsPath).replace(/\.jsonl$/, "");
  const parts = (existsSync(folder) ? readdirSync(folder) : []).flatMap((file) => {
    const [, of, index, count] = PART.exec(file) ?? [];
    return of === name ? [{ path: join(folder, file), index: Number(index), count: Number(count) }] : [];
  });
  parts.sort((a, b) => a.count - b.count || a.index - b.index);
  return [...whole, ...parts.map(({ path }) => path)];
}
