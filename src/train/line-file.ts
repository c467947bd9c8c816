import * as fs from "node:fs";
import { dirname } from "node:path";
import { show } from "../check/check";
import { codeOf, messageOf } from "../check/error-words";
import { makeFolder } from "../disk/make-folder";

/** Somewhere lines go, one at a time, each whole or not at all. */
export interface LineSink {
  /** @throws when the line could not be written; what was written before stays as it was */
  append(line: string): void;
  close(): void;
}

export interface LineFileOptions {
  /** Keep only this many bytes of what the file holds; default: all of it. */
  readonly keepBytes?: number;
  /** Wait until the disk has each line (survives a power cut, not only a killed process); default: false. */
  readonly sync?: boolean;
  /** Writes bytes and says how many it took; default: `fs.writeSync`. */
  readonly write?: (file: number, bytes: Uint8Array) => number;
}

/**
 * Opens a file of lines for appending, making its folder and the file where missing. Each line is one write, ended by a
 * newline: a killed process leaves whole lines and at most one half-written last line, which `readLines` recovers.
 * @throws from `append` when the disk is full; the half of the line that was written is taken back
 */
export function openLineFile(path: string, options: LineFileOptions = {}): LineSink {
  const write = options.write ?? ((file, bytes) => fs.writeSync(file, bytes));
  makeFolder(dirname(path));
  const file = fs.openSync(path, "a");
  const stat = fs.fstatSync(file);
  let length = stat.isFile() ? stat.size : 0;
  if (options.keepBytes !== undefined && options.keepBytes < length) {
    fs.ftruncateSync(file, options.keepBytes);
    length = options.keepBytes;
  }
  return {
    append(line) {
      const bytes = Buffer.from(`${line}\n`, "utf8");
      try {
        for (let done = 0; done < bytes.length;) done += write(file, bytes.subarray(done));
        if (options.sync === true) fs.fsyncSync(file);
        length += bytes.length;
      } catch (error) {
        takeBack(file, length);
        throw writeError(path, bytes.length, error);
      }
    },
    close: () => fs.closeSync(file),
  };
}

function takeBack(file: number, length: number): void {
  try {
    fs.ftruncateSync(file, length);
  } catch {
    // Not a regular file, or the disk is gone: `readLines` drops a half-written line anyway.
  }
}

function writeError(path: string, bytes: number, error: unknown): Error {
  const full = codeOf(error) === "ENOSPC";
  const hint = full ? "the disk is full: make room and resume, nothing written before is lost" : "check the folder";
  const got = messageOf(error);
  return new Error(`${path}: expected to write a line of ${bytes} bytes, got ${got} (${hint})`, { cause: error });
}

/** A line of a file: its number from 1, its text, the value that it holds, and the bytes at which it begins and ends. */
export interface Line {
  readonly line: number;
  readonly text: string;
  readonly value: unknown;
  readonly begin: number;
  readonly end: number;
}

/** A line that cannot be used, and why. */
export interface BadLine {
  /** File and line. */
  readonly where: string;
  readonly why: string;
}

/** The whole lines of a file, parsed, and what was left of a half-written last one. */
export interface Lines {
  readonly values: readonly Line[];
  /** Where the last whole line ends: hand it to `openLineFile` as `keepBytes`. */
  readonly goodBytes: number;
  /** Says what was dropped of a half-written last line; null when the file was whole. */
  readonly recovered: string | null;
}

/**
 * Reads a file of JSON lines; a half-written last line (the process was killed, the disk was full) is dropped and said.
 * @param onBad hears of a line before the last that is not JSON, and the others are read; default: it is an error
 * @throws when the file is missing, or a line before the last is not JSON (file and line are named)
 */
export function readLines(path: string, onBad: (bad: BadLine) => void = refuse): Lines {
  const bytes = fs.readFileSync(path);
  const values: Line[] = [];
  let begin = 0;
  for (let line = 1; begin < bytes.length; line++) {
    const newline = bytes.indexOf(10, begin);
    const end = newline < 0 ? bytes.length : newline;
    const text = bytes.toString("utf8", begin, end);
    const last = newline < 0 || newline === bytes.length - 1;
    const parsed = newline < 0 ? null : parse(text);
    if (parsed === null) {
      if (!last) {
        onBad({ where: `${path}:${line}`, why: `expected one JSON value on the line, got ${show(text)}` });
        begin = end + 1;
        continue;
      }
      const recovered = `${path}:${line}: a half-written last line of ${bytes.length - begin} bytes was dropped`;
      return { values, goodBytes: begin, recovered };
    }
    values.push({ line, text, value: parsed.value, begin, end: end + 1 });
    begin = end + 1;
  }
  return { values, goodBytes: bytes.length, recovered: null };
}

function refuse({ where, why }: BadLine): never {
  throw new Error(`${where}: ${why}`);
}

function parse(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}
