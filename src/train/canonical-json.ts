import { isPlain } from "../check/plain-data";
import { fail } from "../check/check";

/**
 * Writes plain data as JSON with sorted keys and no spaces: equal data gives equal text, whatever the order of its keys.
 * A property that is `undefined` counts as absent.
 * @example canonicalJson({ b: [1, 2], a: "x" }) // '{"a":"x","b":[1,2]}'
 * @throws when a value is not plain data (a function, NaN, a typed array, a Date), naming its place
 */
export function canonicalJson(value: unknown, what = "value"): string {
  if (value === null || typeof value === "string" || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value === "number")
    return Number.isFinite(value) ? JSON.stringify(value) : fail(what, "plain data", value);
  if (Array.isArray(value)) return `[${value.map((item, i) => canonicalJson(item, `${what}[${i}]`)).join(",")}]`;
  if (typeof value !== "object" || !isPlain(value)) return fail(what, "plain data", value);
  const properties = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item, `${what}.${name}`)}`);
  return `{${properties.join(",")}}`;
}

/**
 * Says where two pieces of plain data differ, one sentence for each place.
 * @example differences({ rank: 8 }, { rank: 4 }, "adapter") // ["adapter.rank: recorded 8, now 4"]
 */
export function differences(recorded: unknown, now: unknown, what: string): readonly string[] {
  if (canonicalJson(recorded ?? null) === canonicalJson(now ?? null)) return [];
  if (isObject(recorded) && isObject(now)) {
    const names = [...new Set([...Object.keys(recorded), ...Object.keys(now)])];
    return names.flatMap((name) => differences(recorded[name], now[name], `${what}.${name}`));
  }
  const [before, after] = [textOf(recorded), textOf(now)];
  const from = sharedStart(before, after);
  return [`${what}: recorded ${excerpt(before, from)}, now ${excerpt(after, from)}`];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return value === undefined ? "nothing" : canonicalJson(value);
}

/** How many characters two texts begin with alike. */
function sharedStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** At most 100 characters of a text, those around the place from which it differs. */
function excerpt(text: string, differsAt: number): string {
  if (text.length <= 100) return text;
  const from = Math.max(0, Math.min(differsAt - 20, text.length - 94));
  const [left, right] = [from > 0 ? "..." : "", from + 94 < text.length ? "..." : ""];
  return `${left}${text.slice(from, from + 94)}${right}`;
}
