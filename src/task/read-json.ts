import { fail } from "../check/check";
import { messageOf } from "../check/error-words";
import { place } from "./example";
import { linesOf, repeated } from "./read-text";
import type { Row, Rows } from "./row";
import type { SplitName } from "./source";
import type { Where } from "./task";
import { wscSpansRepaired } from "./wsc-spans";

/**
 * Gives the rows of a file with one JSON object a line (SuperGLUE); lines of white space alone are none. An integer beyond 2^53 comes as a text of its digits.
 * @param keysOnce a key that an object has twice is an error; otherwise its last value counts, as in `JSON.parse`
 * @throws at a line that is no JSON object, with file and line, and when the file is empty
 */
export function jsonLines(text: string, file: string, { keysOnce = false } = {}): Rows {
  const lines = linesOf(text, file).filter(({ content }) => content.trim() !== "");
  const rows = lines.map(({ content, where }) => {
    const cells = objectIn(content, place(where));
    const twice = keysOnce ? repeated(keysOf(content)) : undefined;
    if (twice !== undefined) fail(place(where), "keys that differ", `${twice} twice`);
    return { cells, where };
  });
  return { file, header: null, rows, short: 0 };
}

/** Gives WSC's rows with their spans spelled as the text spells them (`wscSpansRepaired`). */
export function wscLines(text: string, file: string): Rows {
  return nested(text, file, ({ cells }) => [wscSpansRepaired(cells)]);
}

/**
 * Gives SuperGLUE's BoolQ without the title that it puts before each passage: "Title -- passage". The title comes as a column of its own.
 * The rows are those of the data set that BoolQ's authors published and the reference reads.
 */
export function boolqLines(text: string, file: string): Rows {
  return nested(text, file, ({ cells }) => {
    const { passage } = cells;
    const end = typeof passage === "string" ? passage.indexOf(TITLE_END) : -1;
    if (typeof passage !== "string" || end < 0) return [cells];
    return [{ ...cells, title: passage.slice(0, end), passage: passage.slice(end + TITLE_END.length) }];
  });
}

const TITLE_END = " -- ";

/** The keys of a JSON object's text, its own and not those of objects within it, each as often as it is written. */
function keysOf(text: string): readonly string[] {
  const keys: string[] = [];
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (depth === 1 && token.endsWith(":"))
      keys.push(JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string);
  }
  return keys;
}

/**
 * Gives MultiRC's passages with their questions and answers, as one row an answer: paragraph, question, answer, label, and idx with
 * paragraph, question and answer. The hub's `super_glue` has the same rows.
 */
export function multircLines(text: string, file: string): Rows {
  return nested(text, file, ({ cells, where }) => {
    const passage = objectAt(cells, "passage", where);
    return listAt(passage, "questions", where).flatMap((question) =>
      listAt(question, "answers", where).map((answer) => ({
        paragraph: passage["text"],
        question: question["question"],
        answer: answer["text"],
        label: answer["label"],
        idx: { paragraph: cells["idx"], question: question["idx"], answer: answer["idx"] },
      })),
    );
  });
}

/**
 * Gives ReCoRD's passages with their queries, as one row a query: passage, query, entities (the different texts of the marked spans, whose
 * ends are inclusive), answers, and idx with passage and query. Entities and answers are sorted, each once, as in the hub's
 * `super_glue`: the first answer is the one to train on.
 * Source: huggingface/datasets@2db2749, datasets/super_glue/super_glue.py.
 */
export function recordLines(text: string, file: string): Rows {
  return nested(text, file, ({ cells, where }) => {
    const passage = objectAt(cells, "passage", where);
    const body = String(passage["text"]);
    const characters = Array.from(body);
    const entities = listAt(passage, "entities", where).map(({ start, end }) =>
      characters.slice(Number(start), Number(end) + 1).join(""),
    );
    return listAt(cells, "qas", where).map((query) => ({
      passage: body,
      query: query["query"],
      entities: sorted(entities),
      answers: "answers" in query ? sorted(listAt(query, "answers", where).map(({ text: one }) => one)) : undefined,
      idx: { passage: cells["idx"], query: query["idx"] },
    }));
  });
}

/** Gives one row a question of a SQuAD document: title, context, question, answers. */
export function squadDocument(text: string, file: string): Rows {
  const where = { file, line: 1 };
  const rows = listAt(objectIn(text, file), "data", where).flatMap((article) =>
    listAt(article, "paragraphs", where).flatMap((paragraph) =>
      listAt(paragraph, "qas", where).map((question) => ({
        title: article["title"],
        context: paragraph["context"],
        question: question["question"],
        answers: question["is_impossible"] === true ? [] : listAt(question, "answers", where).map((a) => a["text"]),
      })),
    ),
  );
  return numbered(rows, file);
}

/**
 * Gives one row a question of a DROP document ({ id: { passage, qa_pairs } }): passage, question, answers_spans.spans - a number, the
 * spans, or the parts of a date joined by spaces. To train on these are of the answer itself, elsewhere of the validated answers alone.
 * A question with an answer of two kinds has no spans.
 * Source: huggingface/datasets@0c9efa1 and later, datasets/drop/drop.py (the hub's ucinlp/drop).
 */
export function dropDocument(text: string, file: string, split: SplitName): Rows {
  const where = { file, line: 1 };
  const rows = Object.values(objectIn(text, file)).flatMap((entry) => {
    const passage = entry as Cells;
    return listAt(passage, "qa_pairs", where).map((pair) => {
      const answers = split === "train" ? [objectAt(pair, "answer", where)] : listAt(pair, "validated_answers", where);
      const found = answers.map(dropAnswer);
      const spans = found.includes(null) ? [] : found.flatMap((texts) => texts ?? []);
      return { passage: passage["passage"], question: pair["question"], answers_spans: { spans } };
    });
  });
  return numbered(rows, file);
}

/** The texts of an answer; null where it is of two kinds. */
function dropAnswer({ number = "", spans = [], date = {} }: Cells): readonly string[] | null {
  const parts = isObject(date) ? ["day", "month", "year"].map((part) => textOf(date[part])) : [];
  const kinds = [
    textOf(number) === "" ? [] : [textOf(number)],
    Array.isArray(spans) ? spans.map(textOf) : [],
    parts.some(Boolean) ? [parts.join(" ").trim()] : [],
  ].filter((texts) => texts.length > 0);
  return kinds.length > 1 ? null : (kinds[0] ?? []);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** Different values in the order of their characters, as Python sorts. */
function sorted(values: readonly unknown[]): readonly unknown[] {
  return [...new Set(values)].sort((a, b) => (typeof a === "string" && typeof b === "string" ? byCharacters(a, b) : 0));
}

function byCharacters(a: string, b: string): number {
  const [as, bs] = [a, b].map((text) => Array.from(text, (character) => character.codePointAt(0) ?? 0));
  const differs = as.findIndex((code, i) => code !== bs[i]);
  return differs < 0 ? as.length - bs.length : as[differs] - (bs[differs] ?? -1);
}

type Cells = Row["cells"];

/** Each line's rows, all at the line's place. */
function nested(text: string, file: string, rowsIn: (line: Row) => readonly Cells[]): Rows {
  const { rows } = jsonLines(text, file);
  return {
    file,
    header: null,
    rows: rows.flatMap((line) => rowsIn(line).map((cells) => ({ cells, where: line.where }))),
    short: 0,
  };
}

/** Rows of a document without lines: counted from 1. */
function numbered(rows: readonly Cells[], file: string): Rows {
  return { file, header: null, rows: rows.map((cells, i) => ({ cells, where: { file, line: i + 1 } })), short: 0 };
}

function objectIn(text: string, what: string): Cells {
  let value: unknown;
  try {
    value = JSON.parse(withWholeIntegers(text));
  } catch (error) {
    return fail(what, "a JSON object", messageOf(error));
  }
  return isObject(value) ? value : fail(what, "a JSON object", value);
}

/**
 * Gives JSON text with each integer that a number cannot hold (beyond 2^53) as a text of its digits: an id comes through as it is.
 * @example withWholeIntegers('{"id":12345678901234567890,"n":5,"t":"12345678901234567890"}') // '{"id":"12345678901234567890","n":5,"t":"12345678901234567890"}'
 */
export function withWholeIntegers(text: string): string {
  if (!/\d{16}/.test(text)) return text;
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    /^-?[1-9]\d*$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
}

function objectAt(cells: Cells, key: string, where: Where): Cells {
  const value = cells[key];
  return isObject(value) ? value : fail(`${place(where)}, ${key}`, "an object", value);
}

function listAt(cells: Cells, key: string, where: Where): readonly Cells[] {
  const value = cells[key];
  return Array.isArray(value) && value.every(isObject)
    ? value
    : fail(`${place(where)}, ${key}`, "a list of objects", value);
}

function isObject(value: unknown): value is Cells {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
