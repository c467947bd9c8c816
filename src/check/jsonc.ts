/** Nesting from which on a text is not read: its reader would run out of stack. */
const DEEPEST = 100;

/**
 * Reads JSON with comments (`//` to the line's end, and between slash-star and star-slash) and commas after last entries, as people write settings.
 * @param file for messages
 * @throws naming file, line and column: a comment or a text that does not end, a field that comes twice, anything that is no JSON
 * @example parseJsonc('{ "steps": 60, } // a minute', "my-run.json") // { steps: 60 }
 */
export function parseJsonc(text: string, file: string): unknown {
  let at = 0;
  const wrong = (expected: string, where = at): never => {
    const before = text.slice(0, where).split("\n");
    const got =
      where >= text.length ? "the end of the file" : JSON.stringify(text.slice(where).split("\n")[0].slice(0, 20));
    throw new Error(
      `${file}, line ${before.length}, column ${before.at(-1)!.length + 1}: expected ${expected}, got ${got}`,
    );
  };
  const skip = (): void => {
    for (;;) {
      while (/[\s\ufeff]/.test(text[at] ?? "x")) at++;
      if (text.startsWith("//", at)) at = endOf("\n");
      else if (text.startsWith("/*", at)) {
        if (text.indexOf("*/", at + 2) < 0) wrong("a comment that ends in */");
        at = text.indexOf("*/", at + 2) + 2;
      } else return;
    }
  };
  const endOf = (mark: string): number => (text.indexOf(mark, at) < 0 ? text.length : text.indexOf(mark, at));
  const string = (what: string): string => {
    const found = /^"(?:[^"\\\n\r]|\\.)*"/.exec(text.slice(at, endOf("\n")))?.[0] ?? wrong(what);
    try {
      const value = JSON.parse(found) as string;
      at += found.length;
      return value;
    } catch {
      return wrong(`${what}, whose backslashes stand before one of "\\/bfnrtu`);
    }
  };
  const entries = (end: string, what: string, one: () => void): void => {
    at++;
    for (;;) {
      skip();
      if (text[at] === end) break;
      one();
      skip();
      if (text[at] === ",") at++;
      else if (text[at] !== end) wrong(`a comma or the end of ${what}, "${end}"`);
    }
    at++;
  };
  const value = (depth: number): unknown => {
    skip();
    if (depth > DEEPEST) wrong(`at most ${DEEPEST} levels`);
    const c = text[at];
    if (c === '"') return string("a text in quotes that end on the same line");
    if (c === "[") {
      const list: unknown[] = [];
      entries("]", "the list", () => list.push(value(depth + 1)));
      return list;
    }
    if (c === "{") {
      const found = new Map<string, unknown>();
      entries("}", "the object", () => {
        const place = at;
        const name = string("a field's name in double quotes");
        if (found.has(name)) wrong(`the field ${JSON.stringify(name)} once`, place);
        skip();
        if (text[at] !== ":") wrong(`a colon after ${JSON.stringify(name)}`);
        at++;
        found.set(name, value(depth + 1));
      });
      return Object.fromEntries(found);
    }
    const word = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/.exec(
      text.slice(at, at + 64),
    )?.[0];
    if (word === undefined)
      return wrong("a value: a text in double quotes, a number, true, false, null, a list or an object");
    at += word.length;
    return JSON.parse(word);
  };
  const whole = value(0);
  skip();
  if (at < text.length) wrong("nothing more");
  return whole;
}
