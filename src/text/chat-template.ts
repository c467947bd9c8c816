import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import { fail } from "../check/check";
import { messageOf } from "../check/error-words";
import type { GgufMetadata } from "../weights/gguf-header";
import { content, notesIn } from "./folder-tokenizer";
import { Overrun, timed } from "./within-time";

/** One turn of a conversation. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

/** How a model writes a conversation as one text: a Jinja template, which comes with it. */
export interface ChatTemplate {
  readonly source: string;
  /** The strings that a template knows by name: bos_token, eos_token and the like. */
  readonly special: Readonly<Record<string, string>>;
  /** Where it was read, for messages. */
  readonly from: string;
}

/** Gives the chat template of a GGUF file's metadata (`tokenizer.chat_template`); null where it has none. */
export function chatTemplateFromGguf(metadata: GgufMetadata): ChatTemplate | null {
  const source = metadata.get("tokenizer.chat_template");
  if (typeof source !== "string") return null;
  const tokens = metadata.get("tokenizer.ggml.tokens");
  const special = Object.entries(GGUF_IDS).flatMap(([name, key]) => {
    const id = metadata.get(key);
    const token: unknown = Array.isArray(tokens) && typeof id === "number" ? tokens[id] : undefined;
    return typeof token === "string" ? [[name, token] as const] : [];
  });
  return { source, special: Object.fromEntries(special), from: "tokenizer.chat_template of the GGUF file" };
}

const GGUF_IDS: Readonly<Record<string, string>> = {
  bos_token: "tokenizer.ggml.bos_token_id",
  eos_token: "tokenizer.ggml.eos_token_id",
  unk_token: "tokenizer.ggml.unknown_token_id",
  pad_token: "tokenizer.ggml.padding_token_id",
};

const JINJA = "chat_template.jinja";

/**
 * Gives the chat template of a model's folder: chat_template.jinja, else `chat_template` of tokenizer_config.json (of several the one called
 * "default"); null where it has none, since
 * a model without one is opened for other tasks.
 * @throws when tokenizer_config.json is no JSON object
 * Source: transformers 5.24, `PreTrainedTokenizerBase`, which takes the file before the note.
 */
export function chatTemplateFromFolder(folder: string): ChatTemplate | null {
  const notes = notesIn(folder);
  const special = Object.fromEntries(
    Object.keys(notes)
      .filter((key) => /^[a-z]+_token$/.test(key))
      .flatMap((key) => {
        const token = content(notes[key]);
        return token === null ? [] : [[key, token] as const];
      }),
  );
  const path = join(folder, JINJA);
  if (existsSync(path)) return { source: readFileSync(path, "utf8"), special, from: JINJA };
  const from = "chat_template of tokenizer_config.json";
  const noted = notes["chat_template"];
  if (noted === undefined || noted === null) return null;
  if (typeof noted === "string") return { source: noted, special, from };
  const named = Array.isArray(noted)
    ? (noted as readonly { readonly name?: unknown; readonly template?: unknown }[])
    : [];
  const source = named.find((one) => one?.name === "default")?.template;
  return typeof source === "string" ? { source, special, from } : null;
}

/** Where a text that a template wrote is the assistant's, from the first character to before the last. */
export interface ChatSpan {
  readonly from: number;
  readonly to: number;
}

/** A conversation as a model reads it, and a span for each of the assistant's turns. */
export interface ChatText {
  readonly text: string;
  readonly spans: readonly ChatSpan[];
}

/** A template that was understood, ready to write conversations. */
export interface ChatWriter {
  readonly template: ChatTemplate;
  /**
   * Writes a conversation as the model reads it.
   * @param asks whether the beginning of the assistant's next turn is written at the end, for the model to go on from
   * @throws when the template refuses the conversation (with the template's own message) or fails
   */
  write(messages: readonly ChatMessage[], asks: boolean): string;
  /**
   * Writes a whole conversation with the place of each of the assistant's turns: what stands in a template's `{% generation %}`; where it has none, from
   * the end of what it writes to ask for the turn to the end of the turn, the mark that ends it included, white space after that not.
   * @throws as `write`, and when a turn cannot be found in what was written
   */
  writeWhole(messages: readonly ChatMessage[]): ChatText;
}

/** What a template may take, since it is a program of whoever made the model. */
export interface TemplateLimits {
  /** For one conversation; default 10 000. */
  readonly milliseconds?: number;
  /** In what it writes of one conversation; default 10 million. */
  readonly characters?: number;
}

/**
 * Reads a chat template, as transformers' `apply_chat_template` does: blocks take their line's white space along,
 * `raise_exception` and `strftime_now` are there, `tools` and `documents` are none, and `range` ends at 100 000. A template that does not end is ended.
 * For example `chatWriter(smollm2.chatTemplate).write([{ role: "user", content: "Hi" }], true)`: "<|im_start|>system\n...<|im_start|>assistant\n".
 * @throws when it is no Jinja template, with what is wrong in it
 */
export function chatWriter(template: ChatTemplate, limits: TemplateLimits = {}): ChatWriter {
  const marked = GENERATION.test(template.source);
  const run = compiled(template, template.source, limits);
  const runMarked = marked ? compiled(template, withMarks(template.source), limits) : null;
  const write = (messages: readonly ChatMessage[], asks: boolean): string =>
    run(messages, { add_generation_prompt: asks });
  return {
    template,
    write,
    writeWhole(messages) {
      if (runMarked === null) return spansByWriting(template, messages, write);
      const [begin, end] = unusedMarks(messages);
      return spansByMarks(
        runMarked(messages, { add_generation_prompt: false, [BEGIN]: begin, [END]: end }),
        begin,
        end,
      );
    },
  };
}

const GENERATION = /\{%-?\s*generation\s*-?%\}/;
const [BEGIN, END] = ["adazeta_begin", "adazeta_end"];

function compiled(
  { special, from }: ChatTemplate,
  source: string,
  { milliseconds = 10_000, characters = 10_000_000 }: TemplateLimits,
): (messages: readonly ChatMessage[], more: Readonly<Record<string, unknown>>) => string {
  let template: Template;
  try {
    template = new Template(source);
    template.parsed.body.unshift(...new Template(`{% set range = ${RANGE} %}`).parsed.body);
  } catch (error) {
    throw new Error(`${from}: expected a Jinja template, got ${messageOf(error)}`);
  }
  const inTime = timed(milliseconds);
  return (messages, more) => {
    const plain = messages.map(({ role, content }) => ({ role, content }));
    const given = { tools: null, documents: null, ...special, messages: plain, ...more, [RANGE]: shortRange };
    let written: string;
    try {
      written = inTime(() => template.render(given));
    } catch (error) {
      const what = `${from}: expected to write ${roles(messages)}`;
      if (error instanceof Overrun) throw new Overrun(`${what}, got no end: ${error.message}`);
      // What the template refuses itself, by raise_exception, comes as its own message.
      throw new Error(`${what}, got: ${messageOf(error) || "a refusal without a word"}`);
    }
    if (written.length <= characters) return written;
    throw new Overrun(
      `${from}: expected at most ${characters} characters of ${roles(messages)}, got ${written.length}`,
    );
  };
}

const RANGE = "adazeta_range";
/** Longest list of numbers. Source: jinja2 3.1, `sandbox.MAX_RANGE`. */
const MOST_NUMBERS = 100_000;

/** Gives Python's `range`, which ends before it fills the memory. */
function shortRange(...given: readonly unknown[]): readonly number[] {
  const numbers = given.filter((value): value is number => typeof value === "number");
  const [start, stop] = numbers.length === 1 ? [0, numbers[0]!] : [numbers[0] ?? 0, numbers[1] ?? 0];
  const by = numbers[2] ?? 1;
  if (by === 0) fail("range", "a step that is not 0", by);
  const length = Math.max(0, Math.ceil((stop - start) / by));
  if (!(length <= MOST_NUMBERS)) fail("range", `at most ${MOST_NUMBERS} numbers`, length);
  return Array.from({ length }, (_, i) => start + i * by);
}

/** Names the roles of a conversation, for messages. */
function roles(messages: readonly ChatMessage[]): string {
  const named = messages.map(({ role }) => role);
  return `messages of ${named.length > 8 ? `${named.slice(0, 8).join(", ")}, ...` : named.join(", ")}`;
}

/** A template that writes a mark where a `generation` block begins and ends; its blocks keep what they do to the white space around them. */
function withMarks(source: string): string {
  return source
    .replace(/\{%(-?)\s*generation\s*(-?)%\}/g, `{%$1 if true %}{{ ${BEGIN} }}{% endif %}{% if true $2%}`)
    .replace(/\{%(-?)\s*endgeneration\s*(-?)%\}/g, `{%$1 endif %}{{ ${END} }}{% if true %}{% endif $2%}`);
}

/** Two characters that no text has: Unicode keeps them for such uses, and a conversation that has them gets others. */
function unusedMarks(messages: readonly ChatMessage[]): readonly [string, string] {
  const texts = messages.map(({ content }) => content).join("");
  const free = Array.from({ length: 32 }, (_, i) => String.fromCharCode(0xfdd0 + i)).filter(
    (mark) => !texts.includes(mark),
  );
  const [begin, end] = free;
  return begin !== undefined && end !== undefined
    ? [begin, end]
    : fail("messages", "text", "U+FDD0 to U+FDEF, all of them");
}

function spansByMarks(written: string, begin: string, end: string): ChatText {
  const spans: ChatSpan[] = [];
  let text = "";
  let from = 0;
  for (const piece of written.split(new RegExp(`(${begin}|${end})`))) {
    if (piece === begin) from = text.length;
    else if (piece === end) spans.push({ from, to: text.length });
    else text += piece;
  }
  return { text, spans };
}

/** Finds the assistant's turns by writing the conversation up to each of them. */
function spansByWriting(
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  write: ChatWriter["write"],
): ChatText {
  const text = write(messages, false);
  // A conversation that ends early may be one that the template refuses.
  const upTo = (count: number, asks: boolean): string | null => {
    try {
      return count === 0 ? null : write(messages.slice(0, count), asks);
    } catch (error) {
      if (error instanceof Overrun) throw error;
      return null;
    }
  };
  const spans: ChatSpan[] = [];
  messages.forEach(({ role, content: said }, i) => {
    if (role !== "assistant") return;
    const asked = upTo(i, true);
    const own = said.trim();
    const after = Math.max(spans.at(-1)?.to ?? 0, sharedLength(text, upTo(i, false) ?? ""));
    const begins =
      asked !== null && text.startsWith(asked)
        ? asked.length
        : (placeOfTurn(text, messages, i, write) ?? text.indexOf(own, after));
    if (begins < 0)
      fail(
        `${template.from}, message ${i + 1}`,
        "the assistant's text as it is (or a template with {% generation %} around it)",
        "another text",
      );
    const through = upTo(i + 1, false);
    const inside = text.indexOf(own, begins);
    const saidTo = inside < 0 ? begins : inside + own.length;
    spans.push({ from: begins, to: turnEnd(text, saidTo, through, own) });
  });
  return { text, spans };
}

/** Where a turn's words are, found by writing them once more with a mark before them; null where the template then writes something else. */
function placeOfTurn(
  text: string,
  messages: readonly ChatMessage[],
  turn: number,
  write: ChatWriter["write"],
): number | null {
  const [mark] = unusedMarks(messages);
  const own = messages[turn]!.content.trim();
  try {
    const marked = write(
      messages.map((message, i) => (i === turn ? { ...message, content: mark + own } : message)),
      false,
    );
    const place = marked.indexOf(mark);
    return place >= 0 && text.startsWith(marked.slice(0, place) + own) ? place : null;
  } catch (error) {
    if (error instanceof Overrun) throw error;
    return null;
  }
}

/**
 * The end of a turn whose text ends at `saidTo`.
 * @param through the conversation up to the turn, written alone; null: the template refuses it
 */
function turnEnd(text: string, saidTo: number, through: string | null, own: string): number {
  if (through === null) return saidTo;
  const prefix = text.startsWith(through) && through.length >= saidTo;
  const alone = through.lastIndexOf(own) + own.length;
  const rest = prefix ? through.slice(saidTo) : through.slice(alone);
  const mark = rest.trimEnd();
  // White space alone may be all that ends a turn.
  const kept = mark === "" ? rest : mark;
  return text.startsWith(kept, saidTo) ? saidTo + kept.length : saidTo;
}

/** How many characters two texts begin alike with. */
function sharedLength(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i;
}
