import type { ChatWriter } from "../text/chat-template";

/** What a chat template writes around a question and its answer. */
export interface ChatTurn {
  readonly before: string;
  readonly between: string;
  readonly after: string;
}

const [QUESTION, ANSWER] = ["\u2402question\u2403", "\u2402answer\u2403"];

/**
 * Gives what a chat template writes around one question and its answer, without the token that begins a text, which whoever reads it puts there
 * itself; null of a template that does not write the two as they are.
 * For example `chatTurn(chatWriter(smollm2.chatTemplate))?.between`: "<|im_end|>\n<|im_start|>assistant\n".
 */
export function chatTurn(writer: ChatWriter): ChatTurn | null {
  const asked = { role: "user", content: QUESTION };
  const begun = writer.write([asked], true);
  const whole = writer.write([asked, { role: "assistant", content: ANSWER }], false);
  const [before, between, ...others] = begun.split(QUESTION);
  const [, after, ...rest] = whole.split(ANSWER);
  if (between === undefined || after === undefined || others.length + rest.length > 0) return null;
  const { bos_token: first = "" } = writer.template.special;
  return { before: first !== "" && before!.startsWith(first) ? before!.slice(first.length) : before!, between, after };
}
