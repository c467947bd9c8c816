import type { Trainable } from "../experiment/problem";
import { scoreWritten } from "../experiment/written";
import type { WrittenScores } from "../experiment/written";
import type { Reward } from "../task/reward";
import type { LiveRun } from "./live-runs";
import { openWriter } from "./open";

/**
 * Lets a model answer a problem's test prompts before a run and at the run's best evaluation, and rewards the answers.
 * For example `(await writtenAnswers(problem, run, reward)).examples[0].after`: { answer: "Rain.", reward: 1 }.
 * Where no evaluation was best the start stands for it.
 * @throws when the reward fails and its `onError` is "stop"
 */
export async function writtenAnswers(
  problem: Trainable<unknown>,
  { adapter, result: { best, header } }: Pick<LiveRun, "adapter" | "result">,
  reward: Reward,
): Promise<WrittenScores> {
  const start = adapter.initial(header.settings.seed);
  const writer = await openWriter(problem.loaded, adapter.spec);
  return scoreWritten(writer, problem, reward, [start, best?.point ?? start]);
}
