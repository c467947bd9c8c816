import { fail } from "../check/check";
import type { ChatTurn } from "./chat-turn";

/** What Ollama is to be told of a GGUF file. */
export interface ModelfileFacts {
  /** The base's GGUF file, or the tuned model's own, by its name beside the Modelfile. */
  readonly from: string;
  /** The adapter's GGUF file; null where the model is whole. */
  readonly adapter: string | null;
  /** What the model reads, fields in braces; null where each text has a prompt of its own. */
  readonly template: string | null;
  /** What the model's chat template writes around a question and its answer; null where the model is not asked so. */
  readonly chat: ChatTurn | null;
  /** The names of its fields. */
  readonly fields: readonly string[];
  /** Texts that end an answer. */
  readonly stops: readonly string[];
  /** Tokens of the longest answer; null where it is not bounded. */
  readonly tokens: number | null;
}

/**
 * Gives a Modelfile for Ollama: FROM, ADAPTER, TEMPLATE with the asked text in the place of the task's only field, or as
 * the model's chat template writes a turn, greedy answers, and a PARAMETER
 * stop for each text that ends one. A template of several fields is put as a comment: whoever asks writes the whole prompt.
 * For example `modelfile({ from: "base.gguf", adapter: "mine.gguf", template: "{text} It was", chat: null, fields: ["text"], stops: [], tokens: 1 })`.
 * Not run: Ollama was not at hand. llama.cpp reads the files that it names.
 * @throws when a file's name has a line end, which a Modelfile cannot hold
 */
export function modelfile({ from, adapter, template, chat, fields, stops, tokens }: ModelfileFacts): string {
  for (const name of [from, adapter ?? ""])
    if (/[\r\n]/.test(name)) fail("file", "a name on one line", JSON.stringify(name));
  const asked = template !== null && fields.length === 1 ? template.split(`{${fields[0]!}}`).map(goText) : ["", ""];
  return [
    "# Made by adazeta; not run with Ollama. ollama create mine -f Modelfile",
    ...(template !== null && fields.length > 1 ? ["# Write the whole prompt:", ...comment(template)] : []),
    `FROM ./${from}`,
    ...(adapter === null ? [] : [`ADAPTER ./${adapter}`]),
    `TEMPLATE """${chat === null ? asked.join("{{ .Prompt }}") : turnOf(chat)}"""`,
    "PARAMETER temperature 0",
    ...(tokens === null ? [] : [`PARAMETER num_predict ${tokens}`]),
    ...stops.flatMap((stop) => (stop.includes('"') || stop === "" ? [] : [`PARAMETER stop ${quoted(stop)}`])),
    "",
  ].join("\n");
}

/** Ollama writes a conversation turn by turn, each with its question and its answer. */
function turnOf({ before, between, after }: ChatTurn): string {
  return `${goText(before)}{{ .Prompt }}${goText(between)}{{ .Response }}${goText(after)}`;
}

/** Text in Go's template language, and between three quotes: braces, two of which begin an action, and quotes are written as strings. */
function goText(text: string): string {
  return text.replace(/\{+|"/g, (found) => (found === '"' ? '{{ "\\"" }}' : `{{ "${found}" }}`));
}

function quoted(stop: string): string {
  return /[\r\n]/.test(stop) ? `"""${stop}"""` : `"${stop}"`;
}

const comment = (text: string): readonly string[] => text.split(/\r\n|\r|\n/).map((line) => `#   ${line}`);
