import type { OnnxGenerator } from "../engine/onnx/generator";
import type { Tokenizer } from "../text/tokenizer";
import type { GenerationTask } from "./task";

export interface AnswerOptions {
  /** Ends it between two tokens, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told after each answer how many there are. */
  readonly progress?: (done: number, total: number) => void;
}

/**
 * Gives the model's own answer to each prompt at a point: greedy decoding to the task's stop text, to the end of a text, or for its number of
 * new tokens; without the white space around it.
 * For example `await generateAnswers(generator, tokenizer, point, encodePrompts(squad, examples, tokenizer, { context }).prompts, squad)`.
 * @param prompts token ids, as `encodePrompts` gives them
 * @returns one text for each prompt
 * @throws as the generator
 * Source: princeton-nlp/MeZO@6acfd0b large_models/run.py, `forward` with `generation`: greedy, 50 new tokens, `eos_token` "\n".
 * Departs: there a token ends the answer, the first one of "\n"; here the text does, whatever tokens it comes in.
 */
export async function generateAnswers(
  generator: Pick<OnnxGenerator, "generate">,
  tokenizer: Tokenizer,
  point: Float32Array,
  prompts: readonly (readonly number[])[],
  { stop, newTokens }: Pick<GenerationTask, "stop" | "newTokens">,
  { signal, progress }: AnswerOptions = {},
): Promise<readonly string[]> {
  const { end } = tokenizer.special;
  const limits = {
    most: newTokens,
    stopTokens: end === null ? [] : [end],
    stopTexts: { texts: [stop], tokenizer },
    ...(signal ? { signal } : {}),
  };
  const answers: string[] = [];
  for (const prompt of prompts) {
    const { ids } = await generator.generate(point, prompt, limits);
    const [answer = ""] = tokenizer.decode(ids).split(stop);
    answers.push(answer.trim());
    progress?.(answers.length, prompts.length);
  }
  return answers;
}
