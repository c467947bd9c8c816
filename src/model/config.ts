import { fail } from "../check/check";

/** A JSON object of a model's configuration, read field by field with errors that name the field. */
export interface ConfigReader {
  has(field: string): boolean;
  number(field: string, fallback?: number): number;
  integer(field: string, fallback?: number): number;
  /** Of things that are made one by one before any weight is looked at, and so not more than `most`. */
  count(field: string, most: number, fallback?: number): number;
  boolean(field: string, fallback: boolean): boolean;
  /** One of these texts. */
  oneOf<V extends string>(field: string, values: readonly V[], fallback?: V): V;
  numbers(field: string): readonly number[];
  /** A list of texts; null where it is absent. */
  texts(field: string): readonly string[] | null;
  /** A nested object; null where it is absent. */
  section(field: string): ConfigReader | null;
  /** Fails unless the field is absent or one of `allowed`. */
  only(field: string, allowed: readonly unknown[], why: string): void;
}

/**
 * Reads a model's `config.json` (Hugging Face).
 * @example configReader({ model_type: "bert", hidden_size: 384 }).integer("hidden_size") // 384
 * @throws when it is no JSON object
 */
export function configReader(json: unknown): ConfigReader {
  return readerAt("config", json);
}

function readerAt(path: string, json: unknown): ConfigReader {
  if (typeof json !== "object" || json === null || Array.isArray(json)) fail(path, "a JSON object", json);
  const fields = new Map<string, unknown>(Object.entries(json));
  // A field that is null is a field that is absent.
  const get = (field: string): unknown => fields.get(field) ?? undefined;
  const number = (field: string, fallback?: number): number => {
    const value = get(field) ?? fallback;
    return typeof value === "number" && Number.isFinite(value) ? value : fail(`${path}.${field}`, "a number", value);
  };
  const integer = (field: string, fallback?: number): number => {
    const value = number(field, fallback);
    return Number.isSafeInteger(value) && value >= 1 ? value : fail(`${path}.${field}`, "a positive integer", value);
  };
  return {
    has: (field) => get(field) !== undefined,
    number,
    integer,
    count(field, most, fallback) {
      const value = integer(field, fallback);
      return value <= most ? value : fail(`${path}.${field}`, `at most ${most}`, value);
    },
    boolean(field, fallback) {
      const value = get(field) ?? fallback;
      return typeof value === "boolean" ? value : fail(`${path}.${field}`, "true or false", value);
    },
    oneOf(field, values, fallback) {
      const value = get(field) ?? fallback;
      const known = values.find((item) => item === value);
      return known ?? fail(`${path}.${field}`, oneOf(values), value);
    },
    numbers(field) {
      const value = get(field);
      return Array.isArray(value) && value.every((item) => Number.isFinite(item))
        ? (value as readonly number[])
        : fail(`${path}.${field}`, "a list of numbers", value);
    },
    texts(field) {
      const value = get(field) ?? null;
      return value === null || (Array.isArray(value) && value.every((item) => typeof item === "string"))
        ? (value as readonly string[] | null)
        : fail(`${path}.${field}`, "a list of texts", value);
    },
    section: (field) => (get(field) === undefined ? null : readerAt(`${path}.${field}`, get(field))),
    only(field, allowed, why) {
      const value = get(field);
      if (value !== undefined && !allowed.includes(value))
        fail(`${path}.${field}`, `${oneOf(allowed)} (${why})`, value);
    },
  };
}

/** More layers than any model has: a longer list of them is damage. */
export const MOST_LAYERS = 10_000;

function oneOf(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(" or ");
}
