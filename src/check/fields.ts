import { show } from "./check";
import { kindsInWords } from "./kinds";
import { nearestHint } from "./nearest";

/** Hears what is wrong with a value: `where: expected ..., got ...`. */
export type Complain = (message: string) => void;

/** What a field of a settings file may hold: how it is said, and how it is read. */
export interface Field<T> {
  /** What it is for, in one line. */
  readonly about: string;
  /** What it holds, for example "a positive integer". */
  readonly holds: string;
  /** May be left out. */
  readonly optional?: true;
  /** The fields within it, where it is an object, or a list of such. */
  readonly within?: Shape;
  /** The forms that it may have, by what each looks like: its fields, or what else there is to say. */
  readonly forms?: Readonly<Record<string, Shape | string>>;
  /** Gives the value, and tells everything that is wrong with it. */
  read(where: string, value: unknown, complain: Complain): T;
}

export type Shape = Readonly<Record<string, Field<unknown>>>;

/** What a field gives. */
export type Read<F> = F extends Field<infer T> ? T : never;

/** A field that may be left out. */
export type Optional<T> = Field<T> & { readonly optional: true };

/** What an object of such fields gives. */
export type ReadShape<S extends Shape> = {
  readonly [K in keyof S as S[K] extends { readonly optional: true } ? never : K]: Read<S[K]>;
} & { readonly [K in keyof S as S[K] extends { readonly optional: true } ? K : never]?: Read<S[K]> };

/** Makes a field of one value that passes a test. */
function valued<T>(about: string, holds: string, passes: (value: unknown) => boolean): Field<T> {
  return {
    about,
    holds,
    read(where, value, complain) {
      if (!passes(value)) complain(`${where}: expected ${holds}, got ${show(value)}`);
      return value as T;
    },
  };
}

/** Makes a field of a text that is not empty. */
export const text = (about: string): Field<string> =>
  valued(about, "a text", (value) => typeof value === "string" && value.trim() !== "");

/** Makes a field of true or false. */
export const flag = (about: string): Field<boolean> =>
  valued(about, "true or false", (value) => typeof value === "boolean");

/** Makes a field of a whole number of at least so much. */
export const count = (about: string, least: 0 | 1 = 1): Field<number> =>
  valued(
    about,
    least === 0 ? "a non-negative integer" : "a positive integer",
    (value) => Number.isSafeInteger(value) && (value as number) >= least,
  );

/** Makes a field of a finite number above 0. */
export const positive = (about: string): Field<number> =>
  valued(about, "a positive number", (value) => Number.isFinite(value) && (value as number) > 0);

/** Makes a field of one of some words. */
export const oneOf = <const W extends string>(about: string, words: readonly W[]): Field<W> => {
  const holds = kindsInWords(Object.fromEntries(words.map((word) => [word, word])));
  const known: readonly string[] = words;
  return {
    about,
    holds,
    read(where, value, complain) {
      if (typeof value === "string" && known.includes(value)) return value as W;
      const hint = typeof value === "string" ? nearestHint(value, words) : "";
      complain(`${where}: expected ${holds}${hint}, got ${show(value)}`);
      return value as W;
    },
  };
};

/** Makes a field of a list. */
export const listOf = <T>(about: string, entry: Field<T>): Field<readonly T[]> => ({
  about,
  holds: `a list, each ${entry.holds}`,
  ...(entry.within && { within: entry.within }),
  ...(entry.forms && { forms: entry.forms }),
  read(where, value, complain) {
    if (Array.isArray(value)) return value.map((each, i) => entry.read(`${where}[${i}]`, each, complain));
    complain(`${where}: expected a list, got ${show(value)}`);
    return [];
  },
});

/** Makes a field of an object with names of one's own. */
export const named = <T>(about: string, entry: Field<T>): Field<Readonly<Record<string, T>>> => ({
  about,
  holds: `an object, each ${entry.holds}`,
  read(where, value, complain) {
    if (isObject(value))
      return Object.fromEntries(
        Object.entries(value).map(([name, each]) => [name, entry.read(`${where}.${name}`, each, complain)]),
      );
    complain(`${where}: expected an object, got ${show(value)}`);
    return {};
  },
});

/** Makes a field that holds one thing or another: `choose` says which of them a value is meant to be. */
export const either = <T>(
  about: string,
  holds: string,
  choose: (value: unknown) => Field<T>,
  forms?: Field<T>["forms"],
): Field<T> => ({
  about,
  holds,
  ...(forms && { forms }),
  read: (where, value, complain) => choose(value).read(where, value, complain),
});

/** Makes a field whose value another check knows: what it throws is what is wrong. */
export const checked = <T>(about: string, holds: string, check: (where: string, value: unknown) => T): Field<T> => ({
  about,
  holds,
  read(where, value, complain) {
    try {
      return check(where, value);
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error));
      return value as T;
    }
  },
});

/** Makes a field one that may be left out. */
export const optional = <T>(field: Field<T>): Optional<T> => ({ ...field, optional: true });

/** Makes a field one that may hold null too. */
export const nullable = <T>(field: Field<T>): Field<T | null> => ({
  ...field,
  holds: `${field.holds}, or null`,
  read: (where, value, complain) => (value === null ? null : field.read(where, value, complain)),
});

/** Makes a field of an object with these fields and no others; one that is not known is told with the ones that are spelled most like it. */
export const fields = <const S extends Shape>(about: string, within: S): Field<ReadShape<S>> => ({
  about,
  holds: "an object",
  within,
  read(where, value, complain) {
    if (!isObject(value)) {
      complain(
        `${where === "" ? about : where}: expected an object with ${Object.keys(within).join(", ")}, got ${show(value)}`,
      );
      return {} as ReadShape<S>;
    }
    const at = (name: string): string => (where === "" ? name : `${where}.${name}`);
    const known = Object.keys(within);
    for (const name of Object.keys(value))
      if (!Object.hasOwn(within, name))
        complain(
          `${at(name)}: expected one of the fields ${known.join(", ")}${nearestHint(name, known)}, got ${show(name)}`,
        );
    const read: Record<string, unknown> = {};
    for (const [name, field] of Object.entries<Field<unknown>>(within)) {
      if (Object.hasOwn(value, name)) read[name] = field.read(at(name), value[name], complain);
      else if (field.optional !== true) complain(`${at(name)}: expected ${field.holds} (${field.about}), got nothing`);
    }
    return read as ReadShape<S>;
  },
});

/**
 * Reads a value by a field.
 * @throws one error with everything that is wrong, a line each, under a first line that says of what
 */
export function readField<T>(what: string, field: Field<T>, value: unknown): T {
  const wrong: string[] = [];
  const read = field.read("", value, (message) => wrong.push(message));
  if (wrong.length === 0) return read;
  throw new Error(`${what}: ${wrong.length === 1 ? "one thing is" : `${wrong.length} things are`} wrong\n${wrong.map((line) => `  ${line}`).join("\n")}`); // prettier-ignore
}

/**
 * Writes what fields there are, a line each, those within others further in, and the forms that one may have with the fields of each. What was
 * described before is named, not repeated.
 */
export function describeFields(shape: Shape): readonly string[] {
  const known = new Map<object, string>();
  const describe = (fields: Shape, indent: string): readonly string[] =>
    Object.entries(fields).flatMap(([name, { about, holds, optional: free, within, forms }]) => {
      const inner = `${indent}  `;
      const before = known.get(within ?? forms ?? {});
      for (const content of [within, forms]) if (content && !known.has(content)) known.set(content, name);
      const words = [about, within ? "" : holds, before === undefined ? "" : `as ${before} above`];
      return [
        `${indent}${name}${free ? "" : " (needed)"}: ${words.filter((part) => part !== "").join("; ")}`,
        ...(before === undefined && within ? describe(within, inner) : []),
        ...Object.entries((before === undefined && forms) || {}).flatMap(([form, content]) =>
          typeof content === "string"
            ? [`${inner}${form}: ${content}`]
            : [`${inner}${form}`, ...describe(content, `${inner}  `)],
        ),
      ];
    });
  return describe(shape, "");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
