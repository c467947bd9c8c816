/**
 * Gives a value as JupyterLab's server writes it to a notebook's file: keys in order, an indent of one, numbers as Python writes them. So a notebook
 * that was executed here and one that was saved in JupyterLab have the same bytes where they hold the same.
 * Source: nbformat 5, `v4/nbjson.py` (json.dumps with sort_keys and indent 1, ensure_ascii off).
 * @example notebookJson({ b: [1e-5], a: {} }) // '{\n "a": {},\n "b": [\n  1e-05\n ]\n}'
 */
export function notebookJson(value: unknown): string {
  return written(value, "");
}

function written(value: unknown, indent: string): string {
  if (typeof value === "number") return numberText(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const inner = `${indent} `;
  const parts = Array.isArray(value)
    ? value.map((each) => written(each, inner))
    : Object.entries(value)
        .filter(([, each]) => each !== undefined)
        .sort(([a], [b]) => byCodePoint(a, b))
        .map(([key, each]) => `${JSON.stringify(key)}: ${written(each, inner)}`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return parts.length === 0 ? `${open}${close}` : `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}`;
}

/** Python changes to an exponent of two digits at least below 1e-4, JavaScript to one below 1e-6. What is not finite is null, as in JSON. */
function numberText(value: number): string {
  if (!Number.isFinite(value)) return "null";
  if (value === 0 || Math.abs(value) >= 1e-4) return JSON.stringify(value);
  return value.toExponential().replace(/e-(\d)$/, "e-0$1");
}

function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((letter, i) => letter !== right[i]);
  if (at < 0) return left.length - right.length;
  return at >= right.length ? 1 : left[at]!.codePointAt(0)! - right[at]!.codePointAt(0)!;
}

const LINES =
  /[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])|[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+/g;

/** Gives text as a list of lines, ended by all that ends one in Python. @example asLines("a\nb") // ["a\n", "b"] */
export function asLines(text: string): readonly string[] {
  return text.match(LINES) ?? [];
}

/** Says whether a file has text of this MIME type as a list of lines. Source: nbformat 5, `v4/rwbase.py`. */
export function inLines(mime: string): boolean {
  return mime.startsWith("text/") || mime === "application/javascript" || mime === "image/svg+xml";
}
