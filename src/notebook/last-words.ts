import type { Message } from "./kernel/message.cjs";

/** What a kernel published, without what belongs to the way that it takes. */
export type PublishedMessage = Pick<Message, "header" | "parent" | "content">;

/** What a kernel had said, as its end of the pipe wrote it down (kernel/last-words.cjs). */
export interface LastWords {
  /** Takes a piece of what came through the pipe. */
  take(piece: string): void;
  /** Says that a published message has arrived on its usual way. */
  arrived(id: string): void;
  /** What was said and has not arrived, in order: published messages, then text of the last cell that waited to be sent. */
  missing(): readonly PublishedMessage[];
}

/** A stream's name, and text that was written to it. */
type Piece = readonly [string, string];
type Line = PublishedMessage | { readonly text: Piece };

/** What a line of the pipe says; undefined of one that a cell wrote there itself. */
function read(line: string): Line | undefined {
  try {
    const found = JSON.parse(line) as Partial<PublishedMessage> & { readonly text?: unknown };
    const said = Array.isArray(found.text) || typeof found.header?.msg_id === "string";
    return said ? (found as Line) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Keeps what a kernel says until it has arrived.
 * @example const words = createLastWords(); words.take('{"text":["stdout","a"]}\n'); words.missing()[0].content // { name: "stdout", text: "a" }
 */
export function createLastWords(): LastWords {
  let rest = "";
  let waiting: Piece[] = []; // text that was not published yet
  const published = new Map<string, PublishedMessage>();
  const early = new Set<string>(); // arrived before the pipe said so

  /** Text is published in the order in which it was written, in pieces of its own; what is skipped was for nobody. */
  const noteSent = (sent: string): void => {
    for (let rest = sent; rest !== "" && waiting.length > 0;) {
      const [[name, said], ...later] = waiting as [Piece, ...Piece[]];
      if (rest.startsWith(said)) rest = rest.slice(said.length);
      else if (said.startsWith(rest)) return void (waiting = [[name, said.slice(rest.length)], ...later]);
      waiting = later;
    }
  };

  const takeLine = (line: Line): void => {
    if ("text" in line) return void waiting.push(line.text);
    if (line.header.msg_type === "stream") noteSent(String(line.content["text"]));
    if (!early.delete(line.header.msg_id)) published.set(line.header.msg_id, line);
  };

  return {
    take(piece) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const found = read(line);
        if (found !== undefined) takeLine(found);
      }
    },
    arrived(id) {
      if (!published.delete(id)) early.add(id);
    },
    missing() {
      const header = { msg_id: "", msg_type: "stream", session: "" };
      const unsent = waiting.map(([name, said]) => ({ header, parent: {}, content: { name, text: said } }));
      return [...published.values(), ...unsent];
    },
  };
}
