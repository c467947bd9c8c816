import type { ChatMessage, ChatSpan, ChatWriter } from "./chat-template";
import type { Tokenizer } from "./tokenizer";
import { Overrun } from "./within-time";

/** A conversation as token ids. */
export interface ChatIds {
  readonly ids: readonly number[];
  /** The tokens of each of the assistant's turns, from the first to before the last. */
  readonly turns: readonly ChatSpan[];
}

/**
 * Gives a conversation's token ids and which of them are the assistant's, as transformers' `apply_chat_template` does with `return_assistant_tokens_mask`:
 * a token counts that has a character of a turn. Special tokens that stand in a message become those tokens, as there.
 * For example `chatIds(tokenizer, chatWriter(template), messages).turns`: [{ from: 31, to: 40 }].
 * @throws as `ChatWriter.writeWhole`
 */
export function chatIds(tokenizer: Tokenizer, writer: ChatWriter, messages: readonly ChatMessage[]): ChatIds {
  const { text, spans } = writer.writeWhole(messages);
  const ids = tokenizer.written(text);
  const place = placesIn(tokenizer, text, ids);
  return { ids, turns: spans.map(({ from, to }) => ({ from: place.tokenWith(from), to: place.tokensTo(to) })) };
}

/** Gives the ids that a model goes on from to answer a conversation. */
export function askIds(tokenizer: Tokenizer, writer: ChatWriter, messages: readonly ChatMessage[]): readonly number[] {
  return tokenizer.written(writer.write(messages, true));
}

interface Places {
  /** The token that a character is in. */
  tokenWith(character: number): number;
  /** How many tokens begin before a character. */
  tokensTo(character: number): number;
}

/** Where a text's characters are among its tokens. */
function placesIn(tokenizer: Tokenizer, text: string, ids: readonly number[]): Places {
  return tokenizer.decode(ids) === text ? byDecoding(tokenizer, text, ids) : byEncoding(tokenizer, text, ids);
}

/** By the text of the first tokens: where decoding gives the text back. */
function byDecoding(tokenizer: Tokenizer, text: string, ids: readonly number[]): Places {
  // A character whose bytes are several tokens is not there before its last one.
  const covered = (count: number): number => sharedStart(tokenizer.decode(ids.slice(0, count)), text);
  /** The fewest tokens that have all characters before this one. */
  const fewest = (character: number): number => {
    let [low, high] = [0, ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (covered(middle) >= character) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return {
    tokenWith(character) {
      const count = fewest(character);
      return covered(count) > character ? count - 1 : count;
    },
    tokensTo: fewest,
  };
}

/** By the tokens of the text up to there: the first that differs has the character. */
function byEncoding(tokenizer: Tokenizer, text: string, ids: readonly number[]): Places {
  const alike = (character: number): { readonly count: number; readonly whole: boolean } => {
    const before = tokenizer.written(text.slice(0, character));
    const count = sharedStart(before, ids);
    return { count, whole: count === before.length };
  };
  return {
    tokenWith: (character) => alike(character).count,
    tokensTo(character) {
      const { count, whole } = alike(character);
      return Math.min(ids.length, whole ? count : count + 1);
    },
  };
}

function sharedStart<T>(a: ArrayLike<T>, b: ArrayLike<T>): number {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i;
}

/** What ends an assistant's turn when a model writes it. */
export interface TurnEnd {
  readonly tokens: readonly number[];
  readonly texts: readonly string[];
}

/**
 * Says what ends an answer: the tokenizer's end of a text, and the mark that the template puts after the assistant's words, a token or else a text.
 * For example `turnEndOf(tokenizer, chatWriter(template))`: { tokens: [2], texts: [] } for SmolLM2, whose "<|im_end|>" is both.
 */
export function turnEndOf(tokenizer: Tokenizer, writer: ChatWriter): TurnEnd {
  const end = tokenizer.special.end === null ? [] : [tokenizer.special.end];
  const [question, answer] = ["question", "answer"];
  let mark: string;
  try {
    const asked = { role: "user", content: question };
    const written = writer.write([asked, { role: "assistant", content: answer }], false);
    mark = written.slice(written.lastIndexOf(answer) + answer.length).trim();
  } catch (error) {
    if (error instanceof Overrun) throw error;
    return { tokens: end, texts: [] };
  }
  if (mark === "") return { tokens: end, texts: [] };
  const ids = tokenizer.written(mark);
  return ids.length === 1 ? { tokens: [...new Set([...end, ...ids])], texts: [] } : { tokens: end, texts: [mark] };
}
