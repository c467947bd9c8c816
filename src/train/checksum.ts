import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { LineSink } from "./line-file";

/** The last property of a checked line: 8 hexadecimal digits. */
const CHECK = /,"check":"([0-9a-f]{8})"\}$/;

/** A line's text without its checksum, and the checksum; null where it has none. */
export interface CheckedLine {
  readonly body: string;
  readonly check: string | null;
}

/** Splits a line into its text without the checksum, and the checksum. @example splitCheck('{"a":1,"check":"0badcafe"}') // { body: '{"a":1}', check: "0badcafe" } */
export function splitCheck(text: string): CheckedLine {
  const [all, check] = CHECK.exec(text) ?? [];
  if (all === undefined || check === undefined) return { body: text, check: null };
  return { body: `${text.slice(0, -all.length)}}`, check };
}

/**
 * Gives the CRC-32 of a text, going on from that of what comes before it.
 * @example checksum("b", checksum("a")) === checksum("ab") // true
 */
export function checksum(text: string | Uint8Array, before = 0): number {
  return crc32(text, before);
}

/**
 * Gives the checksum of a text as it is written: 8 hexadecimal digits.
 * @param before as for `checksum`
 * @example checkOf('{"a":1}') // "561bacaf"
 */
export function checkOf(text: string, before = 0): string {
  return checksum(text, before).toString(16).padStart(8, "0");
}

/**
 * Writes one JSON object with its checksum as last property.
 * @param before the checksum of all lines before it, newlines included; 0 for a line that stands alone
 * @example withCheck('{"a":1}') // '{"a":1,"check":"561bacaf"}'
 */
export function withCheck(body: string, before = 0): string {
  return `${body.slice(0, -1)},"check":"${checkOf(body, before)}"}`;
}

/**
 * Gives what a line's checksum should have been; null where it is right, or the line has none.
 * @param before as for `withCheck`
 */
export function wrongCheck({ body, check }: CheckedLine, before = 0): string | null {
  const right = checkOf(body, before);
  return check === null || check === right ? null : right;
}

/** Writes lines of JSON objects that each get a checksum over themselves and all before them. */
export function checkedSink(sink: LineSink, before: number): LineSink {
  let sum = before;
  return {
    append(line) {
      const text = withCheck(line, sum);
      sink.append(text);
      sum = checksum(`${text}\n`, sum);
    },
    close: () => sink.close(),
  };
}

/** Gives the checksum of the first bytes of a file; 0 for none of it. */
export function fileChecksum(path: string, bytes: number): number {
  return bytes === 0 ? 0 : checksum(readFileSync(path).subarray(0, bytes));
}
