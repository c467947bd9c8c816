import { fail } from "../check/check";
import { marked, visibly } from "../check/visibly";

/** How a spelling in a file is understood: as a class spelled just so, or as one that looks the same but for case. */
interface Understood {
  readonly label: number;
  readonly exact: boolean;
}

/**
 * Gives the class that each spelling stands for: the class of that very name, else the one that looks the same, else the one that looks the same
 * but for capital letters. Null where there is none, or two of the last kind.
 * @example classSpellings(["Us", "us"])("us") // { label: 1, exact: true }
 */
export function classSpellings(labels: readonly string[]): (spelling: string) => Understood | null {
  const by = (key: (label: string) => string): ReadonlyMap<string, number> => {
    const found = new Map<string, number>();
    labels.forEach((label, i) => found.set(key(label), found.has(key(label)) ? SEVERAL : i));
    return found;
  };
  const [exact, alike, folded] = [by((label) => label), by(visibly), by((label) => visibly(label).toLowerCase())];
  return (spelling) => {
    const just = exact.get(spelling);
    if (just !== undefined) return { label: just, exact: true };
    const seen = visibly(spelling);
    const label = alike.get(seen) ?? folded.get(seen.toLowerCase()) ?? SEVERAL;
    return label === SEVERAL ? null : { label, exact: false };
  };
}

const SEVERAL = -1;

/** @throws when two classes look the same: what a row means could not be seen */
export function checkClasses(labels: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const label of labels) {
    const look = visibly(label);
    if (look === "") fail("labelWords", "classes with a name", marked(label));
    const other = seen.get(look);
    if (other !== undefined) fail("labelWords", "classes that look different", `${marked(other)} and ${marked(label)}`);
    seen.set(look, label);
  }
}

/** Gives what is said of classes that differ by capital letters alone. */
export function caseNotice(labels: readonly string[]): readonly string[] {
  const alike = new Map<string, string[]>();
  for (const label of labels) {
    const key = visibly(label).toLowerCase();
    alike.set(key, [...(alike.get(key) ?? []), label]);
  }
  return [...alike.values()]
    .filter(({ length }) => length > 1)
    .map(
      (names) => `the classes ${names.map(marked).join(" and ")} differ by capital letters alone and are kept apart`,
    );
}

/** Gives what is said of rows whose class is spelled otherwise than the task does: which spellings, as which class, how often. */
export function spellingNotice(
  file: string,
  labels: readonly string[],
  spellings: readonly string[],
): readonly string[] {
  const understand = classSpellings(labels);
  const counts = new Map<string, number>();
  for (const spelling of spellings) counts.set(spelling, (counts.get(spelling) ?? 0) + 1);
  const other = [...counts].flatMap(([spelling, count]) => {
    const found = understand(spelling);
    return found === null || found.exact ? [] : [{ spelling, count, label: labels[found.label]! }];
  });
  if (other.length === 0) return [];
  const rows = other.reduce((sum, { count }) => sum + count, 0);
  const listed = other.map(({ spelling, label, count }) => `${marked(spelling)} as ${label} (${count})`);
  return [`${file}: ${rows} rows spell their class otherwise: ${few(listed)}`];
}

/**
 * Gives what is said of classes that a split has no rows of, with the others' counts.
 * @example emptyNotice("test", ["yes", "no"], [4, 0]) // ["test: no row of class no (yes 4)"]
 */
export function emptyNotice(part: string, labels: readonly string[], counts: readonly number[]): readonly string[] {
  const none = labels.filter((_, c) => counts[c] === 0);
  if (none.length === 0) return [];
  const there = labels.flatMap((label, c) => (counts[c]! > 0 ? [`${label} ${counts[c]}`] : []));
  const classes = none.length === 1 ? "class" : `${none.length} classes:`;
  return [`${part}: no row of ${classes} ${few(none)} (${there.length === 0 ? "no rows at all" : few(there)})`];
}

/** Gives the first of many, and how many more there are. */
export function few(names: readonly string[], most = 8): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
