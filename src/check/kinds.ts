import { fail } from "./check";

/** What every table of kinds has: a check of the settings that stand beside `kind`. */
interface Checked<Spec> {
  check(what: string, spec: Spec): void;
}

/** The union of the specifications in a table of kinds: `{ kind: name } & settings` for each row. */
export type SpecIn<Table> = {
  [Kind in keyof Table]: Table[Kind] extends Checked<infer Spec>
    ? unknown extends Spec
      ? { readonly kind: Kind }
      : { readonly kind: Kind } & Spec
    : never;
}[keyof Table];

/**
 * Gives the names in a table as a message says them.
 * @example kindsInWords({ sgd: 0, adamw: 0 }) // '"sgd" or "adamw"'
 */
export function kindsInWords(table: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(table).map((name) => JSON.stringify(name));
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

/**
 * Gives the row of a table that a specification names, for any of its settings.
 * For example `kindIn(directionKinds, "directions", { kind: "sign" })`: the row of random signs.
 * @throws when the table has no such kind, with the names that it has
 */
export function kindIn<Row>(
  table: Readonly<Record<string, unknown>>,
  what: string,
  spec: { readonly kind: string },
): Row {
  if (!Object.hasOwn(table, spec.kind)) fail(`${what}.kind`, kindsInWords(table), spec.kind);
  return table[spec.kind] as Row;
}
