import { readFileSync } from "node:fs";
import { Tokenizer as Engine } from "@huggingface/tokenizers";
import { fail, show } from "../check/check";
import { preTokenizerAsReference, textAsReference } from "./as-reference";
import type { Tokenizer } from "./tokenizer";

/**
 * A tokenizer from Hugging Face's tokenizer.json: its path, or its parsed content. Texts are never truncated or padded,
 * whatever the file says (see `requireLength`); special-token strings inside a text become those tokens, and decoding shows them.
 * @throws when the file is missing, is not JSON, or has a step that is not known
 * @example tokenizerFromJson("tokenizer.json").encode("hello world") // [101, 7592, 2088, 102] with MiniLM's file
 */
export function tokenizerFromJson(source: string | object): Tokenizer {
  const where = typeof source === "string" ? source : "tokenizer";
  const content: unknown = typeof source === "string" ? parsed(source) : source;
  if (!isRecord(content) || !isRecord(content["model"]) || !isRecord(content["model"]["vocab"])) {
    return fail(where, "the content of a tokenizer.json with a WordPiece or BPE model", content);
  }
  const prepare = textAsReference(content["normalizer"]);
  const engine = engineOf(where, { ...content, pre_tokenizer: preTokenizerAsReference(content["pre_tokenizer"]) });
  const vocabulary = engine.get_vocab().size;
  const unknownToken = content["model"]["unk_token"];
  const unknown = typeof unknownToken === "string" ? engine.token_to_id(unknownToken) : undefined;
  return {
    vocabulary,
    ...(unknown === undefined ? {} : { unknown }),
    encode: (text) => engine.encode(prepare(text)).ids,
    decode(ids) {
      const wrong = ids.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabulary));
      if (wrong !== undefined) fail("token id", `an integer from 0 to ${vocabulary - 1}`, wrong);
      return ids.length === 0 ? "" : engine.decode([...ids]);
    },
  };
}

function engineOf(where: string, content: object): Engine {
  try {
    return new Engine(content, { clean_up_tokenization_spaces: false });
  } catch (error) {
    throw new Error(`${where}: expected the content of a tokenizer.json, got ${messageOf(error)}`);
  }
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch (error) {
    throw new Error(`tokenizer ${show(path)}: expected a tokenizer.json, got ${messageOf(error)}`);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
