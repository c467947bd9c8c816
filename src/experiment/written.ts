import { rewardsOf, writtenFor } from "../task/reward";
import type { Reward } from "../task/reward";
import { writeAnswers } from "../task/reward-objective";
import type { AnswerWriter } from "../task/reward-objective";
import { significant } from "../train/wire";
import type { Trainable } from "./problem";

/** An answer, and what it was rewarded with; null where the model's scores were no numbers. */
export interface Judged {
  readonly answer: string | null;
  readonly reward: number | null;
}

/** What a model wrote to held-out prompts before a run and at the run's best evaluation: plain data of its record. */
export interface WrittenScores {
  /** The reward of each prompt's answer, in order: one list can be compared with the other prompt by prompt. */
  readonly before: readonly (number | null)[];
  readonly after: readonly (number | null)[];
  /** The first few prompts with both answers. */
  readonly examples: readonly { readonly prompt: string; readonly before: Judged; readonly after: Judged }[];
}

/** Texts of one call, and prompts that are kept with their answers. */
const TOGETHER = 32;
const EXAMPLES = 6;

/**
 * Writes answers to a problem's test prompts greedily at two points, and rewards them. Nothing is chosen by them.
 * For example `(await scoreWritten(writer, problem, reward, [start, best])).after`: [1, 0.5].
 * @param points before and after
 * @throws `NotMeasured` where a reward fails and its `onError` is "stop"
 */
export async function scoreWritten(
  writer: AnswerWriter,
  { task, prompts: promptsOf, loaded: { tokenizer } }: Pick<Trainable<unknown>, "task" | "prompts" | "loaded">,
  asked: Reward,
  points: readonly [Float32Array, Float32Array],
): Promise<WrittenScores> {
  const reward = writtenFor(asked, task);
  const prompts = promptsOf?.("test", reward.writing.newTokens) ?? [];
  const judged = async (point: Float32Array): Promise<readonly Judged[]> => {
    const found: Judged[] = [];
    for (let from = 0; from < prompts.length; from += TOGETHER) {
      const some = prompts.slice(from, from + TOGETHER);
      const [answers = []] = await writeAnswers(writer, tokenizer, reward, [point], some);
      for (const answered of answers) {
        const [value = null] = answered === null ? [] : await rewardsOf(reward, [answered]);
        found.push({ answer: answered?.answer ?? null, reward: value === null ? null : significant(value, 6) });
      }
    }
    return found;
  };
  const [before, after] = [await judged(points[0]), await judged(points[1])];
  return {
    before: before.map((each) => each.reward),
    after: after.map((each) => each.reward),
    examples: prompts.slice(0, EXAMPLES).map(({ prompt }, i) => ({ prompt, before: before[i]!, after: after[i]! })),
  };
}
