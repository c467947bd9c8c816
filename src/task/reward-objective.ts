import type { Drawing, Generation, GenerationLimits } from "../engine/onnx/generator";
import type { Objective } from "../estimator/objective";
import { requireDerivatives } from "../estimator/without-derivatives";
import { randomKey } from "../random/key";
import { uniforms } from "../random/uniforms";
import type { Tokenizer } from "../text/tokenizer";
import type { PromptText } from "./prompt-texts";
import { rewardsOf } from "./reward";
import type { Answered, Reward } from "./reward";
import { mean } from "../tree/mean";

/** Prompts of one training step. */
export interface PromptBatch {
  /** Draws what is written, where it is drawn: all points of a step see the same numbers. */
  readonly step: number;
  readonly texts: readonly PromptText[];
}

/** What writes answers at several points at once. */
export interface AnswerWriter {
  /** @returns [points][prompts] */
  generateAll(
    points: readonly Float32Array[],
    prompts: readonly (readonly number[])[],
    limits: GenerationLimits,
    draws?: readonly Drawing[],
  ): Promise<readonly (readonly Generation[])[]>;
}

/**
 * Makes a reward an objective to minimise: the model writes `samples` answers to each prompt, and a point's number is minus their mean reward. Token k
 * of answer s to prompt b of a step is drawn by a number of (seed, step, b, s, k) alone, the same at every point: differences between points are the
 * points' own (common random numbers).
 * For example `rewardObjective(() => writer, tokenizer, reward, 0).losses([point], { step: 0, texts })`: [-0.5].
 * @param open gives the writer when it is first needed
 * @throws `NotMeasured` where a reward fails and its `onError` is "stop"
 * Source: EGGROLL, arXiv 2511.16652, and evolution strategies at scale, arXiv 2509.24372: members judged by rewards of what they write.
 */
export function rewardObjective(
  open: () => Promise<AnswerWriter>,
  tokenizer: Tokenizer,
  reward: Reward,
  seed: number,
): Objective<PromptBatch> {
  const without = `the reward ${reward.name}`;
  const each = async (points: readonly Float32Array[], { step, texts }: PromptBatch) => {
    const { samples, temperature } = reward.writing;
    const drawn =
      temperature === 0
        ? undefined
        : texts.flatMap((_, b) =>
            Array.from({ length: samples }, (_, s) => drawingOf(reward, randomKey(seed, "writing", step, b, s))),
          );
    const several = texts.flatMap((text) => Array.from({ length: samples }, () => text));
    const answers = await writeAnswers(await open(), tokenizer, reward, points, several, drawn);
    const all = await rewardsWhereFinite(reward, answers.flat());
    return points.map((_, p) =>
      texts.map((_, b) => {
        const from = (p * texts.length + b) * samples;
        return 0 - mean(all.slice(from, from + samples));
      }),
    );
  };
  return {
    without,
    each,
    losses: async (points, batch) => (await each(points, batch)).map(mean),
    derivatives: async () => {
      requireDerivatives("derivatives", { without });
      return { loss: NaN, derivatives: [] };
    },
  };
}

function drawingOf({ writing: { temperature, newTokens } }: Reward, key: Parameters<typeof uniforms>[0]): Drawing {
  return { temperature, uniforms: uniforms(key, newTokens) };
}

/**
 * Gives the model's answers to prompts at several points, as a reward sees them: to its stop text, to the end of a text, or for its number of new tokens.
 * @param drawn how each prompt's tokens are drawn; default: the most probable ones (greedy)
 * @returns [points][prompts], null where the model's scores were no numbers
 */
export async function writeAnswers(
  writer: AnswerWriter,
  tokenizer: Tokenizer,
  { writing: { newTokens, stop } }: Reward,
  points: readonly Float32Array[],
  texts: readonly PromptText[],
  drawn?: readonly Drawing[],
): Promise<readonly (readonly (Answered | null)[])[]> {
  const { end } = tokenizer.special;
  const limits = {
    most: newTokens,
    stopTokens: end === null ? [] : [end],
    ...(stop !== null && { stopTexts: { texts: [stop], tokenizer } }),
  };
  const found = await writer.generateAll(
    points,
    texts.map(({ ids }) => ids),
    limits,
    drawn,
  );
  return found.map((generations) =>
    generations.map(({ ids, reason }, i) => {
      if (reason === "not finite") return null;
      const whole = tokenizer.decode(ids);
      const [answer = ""] = stop === null ? [whole] : whole.split(stop);
      return { prompt: texts[i].prompt, answer: answer.trim(), row: texts[i].row };
    }),
  );
}

/** Gives the reward of the greedy answer to each prompt at a point, so many prompts at a time. */
export async function greedyRewards(
  writer: AnswerWriter,
  tokenizer: Tokenizer,
  reward: Reward,
  point: Float32Array,
  texts: readonly PromptText[],
  together: number,
): Promise<readonly number[]> {
  const rewards: number[] = [];
  for (let from = 0; from < texts.length; from += together) {
    const some = texts.slice(from, from + together);
    const [answers = []] = await writeAnswers(writer, tokenizer, reward, [point], some);
    rewards.push(...(await rewardsWhereFinite(reward, answers)));
  }
  return rewards;
}

/** Rewards of answers; NaN where there is none, as the model's scores were no numbers. */
async function rewardsWhereFinite(reward: Reward, answers: readonly (Answered | null)[]): Promise<readonly number[]> {
  const there = answers.flatMap((answered) => answered ?? []);
  const found = await rewardsOf(reward, there);
  let at = 0;
  return answers.map((answered) => (answered === null ? NaN : found[at++]));
}
