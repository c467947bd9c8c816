import { fail } from "../check/check";

/** A file's text, and what should be known of how it was read. */
export interface OwnText {
  readonly text: string;
  readonly notices: readonly string[];
}

/**
 * Gives the text of a user's own file: UTF-8; where no line is valid UTF-8 that has other letters than ASCII's, Windows-1252 (which Latin-1 files
 * are read by too), and that is said.
 * @throws when it is UTF-16, compressed or no text, or valid UTF-8 in some lines and not in others
 * @example ownText(Buffer.from("caf\xe9", "latin1"), "a.csv").notices // ["a.csv: is not UTF-8 (line 1), and was read as Windows-1252"]
 */
export function ownText(bytes: Uint8Array, file: string): OwnText {
  const begins = (...first: readonly number[]): boolean => first.every((byte, i) => bytes[i] === byte);
  const save = "save it as UTF-8";
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) fail(file, "text in UTF-8", `UTF-16, by its first bytes; ${save}`);
  if (begins(0x1f, 0x8b)) fail(file, "text in UTF-8", "a gzip file; unpack it");
  if (begins(0x50, 0x4b, 3, 4)) fail(file, "text in UTF-8", "a zip file, as .xlsx is; save the table as .csv in UTF-8");
  if (bytes.includes(0)) fail(file, "text in UTF-8", `zero bytes, as in UTF-16 or a binary file; ${save}`);
  const whole = strictly(bytes);
  if (whole !== null) {
    const lost = whole.indexOf("\ufffd");
    const line = whole.slice(0, lost).split("\n").length;
    return { text: whole, notices: lost < 0 ? [] : [`${file} line ${line}: holds U+FFFD, a letter lost before`] };
  }
  let [invalid, valid]: (number | null)[] = [null, null];
  Buffer.from(bytes)
    .toString("latin1")
    .split("\n")
    .forEach((content, i) => {
      if (!/[\x80-\xff]/.test(content)) return;
      if (strictly(Buffer.from(content, "latin1")) === null) invalid ??= i + 1;
      else valid ??= i + 1;
    });
  if (valid !== null)
    fail(`${file} line ${invalid}`, `text in UTF-8, as in line ${valid}`, "bytes of another encoding");
  const text = Buffer.from(bytes)
    .toString("latin1")
    .replace(/[\x80-\x9f]/g, (letter) => WINDOWS_1252[letter.charCodeAt(0) - 0x80]!);
  return { text, notices: [`${file}: is not UTF-8 (line ${invalid}), and was read as Windows-1252`] };
}

/** What bytes 0x80 to 0x9f are in Windows-1252; the others are Latin-1's. (Node 20's decoder of that name reads Latin-1.) */
const WINDOWS_1252 =
  "\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f" +
  "\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178";

function strictly(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** What may separate the cells of a line, by name. */
const SEPARATORS = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars" } as const;
type Separator = keyof typeof SEPARATORS;

/**
 * Checks that a table's first line is separated by what its name says.
 * For example `checkSeparator("text;label\n", "a.csv", ",")`: throws "... expected columns separated by commas, got "semicolons"...".
 * @throws when it has none of it and another separator instead
 */
export function checkSeparator(text: string, file: string, expected: Separator): void {
  const first = firstLine(text);
  const there = found(first);
  if (there.includes(expected)) return;
  const [other] = there;
  if (other === undefined) return;
  const advice = other === "\t" ? "name it .tsv" : other === "," ? "name it .csv" : "save it with commas";
  fail(`${file} line 1, header`, `columns separated by ${SEPARATORS[expected]}`, `${SEPARATORS[other]}; ${advice}`);
}

/** Gives what else a header may be separated by: the end of a message about a column that is not there. */
export function separatorHint(columns: readonly string[]): string {
  const odd = found(columns.join(" ")).filter((separator) => columns.some((column) => column.includes(separator)));
  return odd.length === 0 ? "" : ` (is the table separated by ${odd.map((one) => SEPARATORS[one]).join(" or ")}?)`;
}

function found(line: string): readonly Separator[] {
  const bare = line.replace(/"[^"]*"/g, "");
  return (Object.keys(SEPARATORS) as Separator[]).filter((separator) => bare.includes(separator));
}

function firstLine(text: string): string {
  return text.split("\n").find((line) => line.trim() !== "") ?? "";
}
