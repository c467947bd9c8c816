import { fail } from "../check/check";

/** A model's `config.json` (Hugging Face), read field by field with errors that name the field. */
export interface ConfigReader {
  has(field: string): boolean;
  number(field: string, fallback?: number): number;
  integer(field: string, fallback?: number): number;
  boolean(field: string, fallback: boolean): boolean;
  /** Fails unless the field is absent or one of `allowed`. */
  only(field: string, allowed: readonly unknown[], why: string): void;
}

/**
 * @example configReader({ hidden_size: 384 }, "bert").integer("hidden_size") // 384
 * @throws when it is no JSON object, or `model_type` is not the family's
 */
export function configReader(json: unknown, family: string): ConfigReader {
  if (typeof json !== "object" || json === null || Array.isArray(json)) fail("config", "a JSON object", json);
  const fields = new Map<string, unknown>(Object.entries(json));
  const type = fields.get("model_type");
  if (type !== family) fail("config.model_type", `"${family}" (this project knows "bert" and "llama")`, type);
  // A field that is null is a field that is absent.
  const get = (field: string): unknown => fields.get(field) ?? undefined;
  const number = (field: string, fallback?: number): number => {
    const value = get(field) ?? fallback;
    return typeof value === "number" && Number.isFinite(value) ? value : fail(`config.${field}`, "a number", value);
  };
  return {
    has: (field) => get(field) !== undefined,
    number,
    integer(field, fallback) {
      const value = number(field, fallback);
      return Number.isSafeInteger(value) && value >= 1 ? value : fail(`config.${field}`, "a positive integer", value);
    },
    boolean(field, fallback) {
      const value = get(field) ?? fallback;
      return typeof value === "boolean" ? value : fail(`config.${field}`, "true or false", value);
    },
    only(field, allowed, why) {
      const value = get(field);
      if (value !== undefined && !allowed.includes(value))
        fail(`config.${field}`, `${allowed.map((item) => JSON.stringify(item)).join(" or ")} (${why})`, value);
    },
  };
}
