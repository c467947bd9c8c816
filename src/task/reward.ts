import { createHash } from "node:crypto";
import { fail, finiteNumber, positiveInteger, positiveNumber, show } from "../check/check";
import { messageOf } from "../check/error-words";
import { knownOptions, namesOf } from "../check/known-options";
import { NotMeasured } from "../estimator/objective";
import type { RewardSpec, WritingSpec } from "./objective-spec";
import type { PromptRow } from "./prompt-texts";
import type { Task } from "./task";

/** What a reward judges. */
export interface Answered {
  readonly prompt: string;
  /** What the model wrote after it, without the white space around it; "" where it wrote nothing. */
  readonly answer: string;
  /** The prompt's row, its columns as texts (a number is `Number(row["most"])`): a copy of its own for each call, so that what is written there reaches nobody. */
  readonly row: PromptRow;
}

/** A number for an answer: larger is better. */
export type RewardFunction = (answered: Answered) => number | Promise<number>;

/** How a reward is written. Where `newTokens` or `stop` is left open, the answers end as those of the task that it is asked on (`writtenFor`). */
export interface RewardDefinition extends Partial<WritingSpec> {
  /** Its name in records. */
  readonly name: string;
  readonly reward: RewardFunction;
  /** Milliseconds that a promised reward may take; default 10,000. */
  readonly timeLimit?: number;
  /** What becomes of a reward that throws, comes too late, or is no finite number: "stop" (the default) ends the run by name, a number is the answer's score. */
  readonly onError?: "stop" | number;
}

const OPTIONS = namesOf<RewardDefinition>({ name: true, reward: true, newTokens: true, stop: true, temperature: true, samples: true, timeLimit: true, onError: true }); // prettier-ignore

/** Under a symbol, the same in every copy of this module: records, which are JSON, do not see the function. */
const judgeOf: unique symbol = Symbol.for("adazeta.reward") as never;

/** A reward: plain data, and a function beside it. */
export interface Reward extends RewardSpec {
  /** What its definition says of where an answer ends. */
  readonly ends: Partial<Pick<WritingSpec, "newTokens" | "stop">>;
  readonly [judgeOf]: RewardFunction;
}

/**
 * Makes a reward of one's own, for `runLive(problem, arms, { seed, objective: ownReward({ ... }) })`: the model writes an answer to each prompt of a
 * batch, and what is trained for is the mean of the rewards. The record has the name and a hash of the function's text: a function that was changed makes
 * another run (what it reads from outside of itself is not seen).
 * For example `ownReward({ name: "short", reward: ({ answer }) => -answer.length, newTokens: 16 })`.
 * @throws naming what makes no sense
 */
export function ownReward(definition: RewardDefinition): Reward {
  knownOptions("reward", definition, OPTIONS);
  const { name, reward, newTokens = 32, stop = "\n", temperature = 0, samples = 1 } = definition;
  const { timeLimit = 10_000, onError = "stop" } = definition;
  if (typeof name !== "string" || name === "") fail("reward.name", "a name", name);
  if (typeof reward !== "function") fail("reward.reward", "a function ({ prompt, answer, row }) => number", reward);
  positiveInteger("reward.newTokens", newTokens);
  if (stop !== null && (typeof stop !== "string" || stop === "")) fail("reward.stop", "a text, or null", stop);
  if (finiteNumber("reward.temperature", temperature) < 0)
    fail("reward.temperature", "0 (greedy) or a positive number", temperature);
  positiveInteger("reward.samples", samples);
  if (samples > 1 && temperature === 0)
    fail("reward.samples", "1 at temperature 0, where all answers to a prompt are the same", samples);
  // Longer timers fire at once.
  if (positiveNumber("reward.timeLimit", timeLimit) > 2 ** 31 - 1)
    fail("reward.timeLimit", "milliseconds below 2^31", timeLimit);
  if (onError !== "stop") finiteNumber("reward.onError", onError);
  const source = createHash("sha256").update(String(reward)).digest("hex").slice(0, 16);
  const writing = { newTokens, stop, temperature, samples };
  const ends = {
    ...(definition.newTokens !== undefined && { newTokens }),
    ...(definition.stop !== undefined && { stop }),
  };
  return { kind: "reward", name, source, writing, timeLimit, onError, ends, [judgeOf]: reward };
}

/**
 * Gives a reward as it is asked on a task: where its definition leaves open where an answer ends, it ends as the task's own answers do, and on a task without
 * such after 32 new tokens or at a line's end.
 * For example `writtenFor(ownReward({ name: "short", reward }), squad).writing.newTokens`: 50.
 */
export function writtenFor(reward: Reward, task: Task): Reward {
  if (task.kind !== "generation") return reward;
  const { newTokens, stop } = task;
  return { ...reward, writing: { ...reward.writing, newTokens, stop, ...reward.ends } };
}

/** Gives a reward as a record has it. */
export function rewardSpec({ kind, name, source, writing, timeLimit, onError }: Reward): RewardSpec {
  return { kind, name, source, writing, timeLimit, onError };
}

/** Says whether a value is a reward with its function. */
export function isReward(value: unknown): value is Reward {
  return typeof value === "object" && value !== null && judgeOf in value;
}

/**
 * Asks a reward for each answer, all at once: promises are waited for together.
 * @returns one finite number for each
 * @throws `NotMeasured` where one failed and the reward's `onError` is "stop", saying of which answer
 */
export function rewardsOf(reward: Reward, answers: readonly Answered[]): Promise<readonly number[]> {
  return Promise.all(answers.map((answered) => rewardOf(reward, answered)));
}

async function rewardOf({ name, timeLimit, onError, ...reward }: Reward, answered: Answered): Promise<number> {
  try {
    const given: unknown = reward[judgeOf]({ ...answered, row: structuredClone(answered.row) });
    const value = await within(timeLimit, given);
    if (typeof value !== "number" || !Number.isFinite(value)) return fail("value", "a finite number", value);
    return value;
  } catch (error) {
    if (onError !== "stop") return onError;
    const { answer, prompt, row } = answered;
    const seen = Object.keys(row).join(", ");
    throw new NotMeasured(
      `reward ${show(name)} of the answer ${show(answer)} to ${show(prompt)}: ${messageOf(error)} (${seen === "" ? "" : `its row has ${seen}; `}with onError: 0 such an answer has that score)`,
      { cause: error },
    );
  }
}

/** Waits for a promise, so many milliseconds at most; what is no promise is there already. */
async function within(milliseconds: number, given: unknown): Promise<unknown> {
  if (typeof (given as PromiseLike<unknown> | null | undefined)?.then !== "function") return given;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`expected within ${milliseconds} ms, got nothing`)), milliseconds);
  });
  try {
    return await Promise.race([given, late]);
  } finally {
    clearTimeout(timer);
  }
}
