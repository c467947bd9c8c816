import { fail } from "../check/check";

/**
 * Reads a line of a file of measurements, one JSON object with its format's name and version.
 * For example `formatLine(line, "data/results/pass-times.jsonl:1", "adazeta-pass-time")`.
 * @param at the file and the line, for the message
 * @throws when the line is no JSON object, or of another format or version
 */
export function formatLine<T extends { readonly format: string; readonly version: number }>(
  line: string,
  at: string,
  format: T["format"],
): Partial<T> {
  let value: Partial<T>;
  try {
    value = (JSON.parse(line) ?? {}) as Partial<T>;
  } catch {
    return fail(at, "one JSON object on the line", line.slice(0, 60));
  }
  if (value.format !== format || value.version !== 1)
    fail(`${at}: format`, `${format}, version 1`, `${String(value.format)}, version ${String(value.version)}`);
  return value;
}
