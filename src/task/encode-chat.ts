import { fail, positiveInteger } from "../check/check";
import { messageOf } from "../check/error-words";
import { chatIds } from "../text/chat-ids";
import type { ChatWriter } from "../text/chat-template";
import type { Tokenizer } from "../text/tokenizer";
import { place } from "./example";
import type { ScoredText } from "./option-batch";
import { few } from "./own-classes";
import type { Conversation, Example } from "./task";

/**
 * Gives each conversation's tokens, and the assistant's among them, each scored at the token before. What follows the last of them is not fed.
 * @param context the model's longest text, in tokens
 * @throws when the template refuses a conversation, or one is longer than `context`, with file and line
 */
export function encodeChats(
  examples: readonly Example[],
  tokenizer: Tokenizer,
  writer: ChatWriter,
  { context }: { readonly context: number },
): readonly ScoredText[] {
  positiveInteger("context", context);
  return examples.map((example) => {
    const text = encodeChat(example, tokenizer, writer);
    const tokens = text.ids.length + 1;
    if (tokens > context)
      fail(
        `${place(example.where)}, conversation`,
        `at most ${context} tokens, the model's context (maxTokens leaves longer ones out)`,
        `${tokens} tokens`,
      );
    return text;
  });
}

/** Gives one conversation's tokens and the assistant's among them. @throws when the template refuses it, with file and line */
export function encodeChat(example: Example, tokenizer: Tokenizer, writer: ChatWriter): ScoredText {
  const { messages, given } = conversationOf(example);
  try {
    const { ids, turns } = chatIds(tokenizer, writer, messages);
    return scoredTurns(ids, learnt(turns, messages, given));
  } catch (error) {
    throw new Error(`${place(example.where)}, ${messageOf(error)}`);
  }
}

/** Gives an example's conversation. @throws when it has none */
export function conversationOf({ chat, where }: Example): Conversation {
  return chat ?? fail(place(where), "a conversation", "none");
}

type Turn = { readonly from: number; readonly to: number };

/** The turns that are learnt: not those among the messages that are only given. */
function learnt(turns: readonly Turn[], messages: Conversation["messages"], given: number): readonly Turn[] {
  const assistants = messages.filter(({ role }) => role === "assistant").length;
  const first = messages.slice(0, given).filter(({ role }) => role === "assistant").length;
  if (first > 0 && turns.length !== assistants)
    fail("chat template", `${assistants} turns of the assistant's, as there are messages`, turns.length);
  const own = turns.slice(first).filter(({ from, to }) => to > from);
  return own.length > 0 ? own : fail("chat template", "text of the assistant's in what it writes", "none");
}

/**
 * Gives a text whose tokens of these turns are scored, each at the token before it.
 * @throws when a turn begins with the text's first token, which nothing is before
 * @example scoredTurns([5, 6, 7, 8, 9], [{ from: 2, to: 4 }]) // { ids: [5, 6, 7], scored: [1, 2], targets: [7, 8] }
 */
export function scoredTurns(ids: readonly number[], turns: readonly Turn[]): ScoredText {
  const places = turns.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
  const [first] = places;
  if (first === undefined || first < 1) fail("turn", "tokens from 1 on", first);
  const last = places[places.length - 1]!;
  return { ids: ids.slice(0, last), scored: places.map((at) => at - 1), targets: places.map((at) => ids[at]!) };
}

/**
 * Says in which conversations a message holds what the model takes for a token of its own, such as "<|im_end|>": it reads it as that token, as transformers
 * does.
 */
export function typedTokens(
  file: string,
  examples: readonly Example[],
  tokenizer: Tokenizer,
  { template: { source, special } }: ChatWriter,
): readonly string[] {
  const named = [...Object.values(special), ...(source.match(/<[|\uff5c]?[^\s<>{}'"]+>/g) ?? [])];
  const tokens = [...new Set(named)].filter((text) => tokenizer.written(text).length === 1);
  const lines = examples.flatMap((example) => {
    const found = tokens.find((token) =>
      conversationOf(example).messages.some(({ content }) => content.includes(token)),
    );
    return found === undefined ? [] : [`${example.where.line} (${found})`];
  });
  return lines.length === 0
    ? []
    : [`${file}: messages hold what the model reads as a token of its own, in line ${few(lines, 3)}`];
}
