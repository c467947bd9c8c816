import { fail } from "../check/check";
import { place } from "./example";
import { linesOf, repeated } from "./read-text";
import type { Row, Rows } from "./row";
import type { Where } from "./task";

/**
 * The rows of a file with one JSON object a line (SuperGLUE).
 * @param keysOnce a key that an object has twice is an error; otherwise its last value counts, as in `JSON.parse`
 * @throws at a line that is no JSON object, with file and line, and when the file is empty
 */
export function jsonLines(text: string, file: string, { keysOnce = false } = {}): Rows {
  const rows = linesOf(text, file).map(({ content, where }) => {
    const cells = objectIn(content, place(where));
    const twice = keysOnce ? repeated(keysOf(content)) : undefined;
    if (twice !== undefined) fail(place(where), "keys that differ", `${twice} twice`);
    return { cells, where };
  });
  return { file, header: null, rows, short: 0 };
}

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
 * MultiRC's passages with their questions and answers, as one row an answer: paragraph, question, answer, label, and idx with
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
 * ReCoRD's passages with their queries, as one row a query: passage, query, entities (the different texts of the marked spans, whose
 * ends are inclusive), answers, and idx with passage and query. The hub's `super_glue` has the same rows.
 */
export function recordLines(text: string, file: string): Rows {
  return nested(text, file, ({ cells, where }) => {
    const passage = objectAt(cells, "passage", where);
    const body = String(passage["text"]);
    const entities = listAt(passage, "entities", where).map(({ start, end }) => [
      ...new Set([body.slice(Number(start), Number(end) + 1)]),
    ]);
    return listAt(cells, "qas", where).map((query) => ({
      passage: body,
      query: query["query"],
      entities: [...new Set(entities.flat())],
      answers: "answers" in query ? listAt(query, "answers", where).map((answer) => answer["text"]) : undefined,
      idx: { passage: cells["idx"], query: query["idx"] },
    }));
  });
}

/** One row a question of a SQuAD document: title, context, question, answers. */
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
 * One row a question of a DROP document ({ id: { passage, qa_pairs } }): passage, question, answers_spans.spans - a number, the
 * spans, or the parts of a date joined by spaces, first of the answer itself, then of the validated ones.
 */
export function dropDocument(text: string, file: string): Rows {
  const where = { file, line: 1 };
  const rows = Object.values(objectIn(text, file)).flatMap((entry) => {
    const passage = entry as Cells;
    return listAt(passage, "qa_pairs", where).map((pair) => {
      const validated = "validated_answers" in pair ? listAt(pair, "validated_answers", where) : [];
      const spans = [objectAt(pair, "answer", where), ...validated].flatMap(dropAnswer);
      return { passage: passage["passage"], question: pair["question"], answers_spans: { spans } };
    });
  });
  return numbered(rows, file);
}

function dropAnswer(answer: Cells): readonly string[] {
  const { number, spans, date } = answer as {
    number?: unknown;
    spans?: unknown;
    date?: Readonly<Record<string, unknown>>;
  };
  if (number !== undefined && number !== "") return [String(number)];
  if (Array.isArray(spans) && spans.length > 0) return spans.map(String);
  const parts = [date?.["day"], date?.["month"], date?.["year"]].filter((part) => part !== undefined && part !== "");
  return parts.length > 0 ? [parts.join(" ")] : [];
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
    value = JSON.parse(text);
  } catch (error) {
    return fail(what, "a JSON object", error instanceof Error ? error.message : text);
  }
  return isObject(value) ? value : fail(what, "a JSON object", value);
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
