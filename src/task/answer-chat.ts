import { fail, positiveInteger } from "../check/check";
import type { OnnxGenerator } from "../engine/onnx/generator";
import { askIds, turnEndOf } from "../text/chat-ids";
import type { ChatMessage, ChatWriter } from "../text/chat-template";
import type { Tokenizer } from "../text/tokenizer";

/** What a model wrote as the assistant's next turn. */
export interface ChatAnswer {
  readonly text: string;
  /** How many tokens it is, without the one that ends it. */
  readonly tokens: number;
  /** Whether the model ended it itself; else it was cut off at the most tokens or the end of the context. */
  readonly ended: boolean;
}

/**
 * Gives the assistant's next turn at a point: the most probable token again and again, to the end of the turn, of the text, or for `newTokens` tokens.
 * For example `(await answerChat(generator, tokenizer, writer, point, [{ role: "user", content: "Hi" }])).text`: "Hello!".
 * @throws when the last message is the assistant's own, the template refuses the messages, or they fill the model's context
 */
export async function answerChat(
  generator: Pick<OnnxGenerator, "generate">,
  tokenizer: Tokenizer,
  writer: ChatWriter,
  point: Float32Array,
  messages: readonly ChatMessage[],
  { newTokens = 128, signal }: { readonly newTokens?: number; readonly signal?: AbortSignal } = {},
): Promise<ChatAnswer> {
  positiveInteger("newTokens", newTokens);
  const last = messages.at(-1);
  if (last === undefined || last.role === "assistant")
    fail("messages", "a last one that is to be answered", last === undefined ? "none" : "the assistant's own");
  const { tokens, texts } = turnEndOf(tokenizer, writer);
  const { ids, reason } = await generator.generate(point, askIds(tokenizer, writer, messages), {
    most: newTokens,
    stopTokens: tokens,
    ...(texts.length === 0 ? {} : { stopTexts: { texts, tokenizer } }),
    ...(signal ? { signal } : {}),
  });
  const written = tokenizer.decode(ids);
  const end = Math.min(written.length, ...texts.map((stop) => written.indexOf(stop)).filter((at) => at >= 0));
  return { text: written.slice(0, end).trim(), tokens: ids.length, ended: reason === "token" || reason === "text" };
}
