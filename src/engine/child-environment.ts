/** Variables of an environment, by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Gives the environment of a process that an engine starts: this one's, with further variables. The one place before the notebook room that reads it:
 * where a driver's libraries are found must be said before a process begins.
 * @param more added; a list of folders, such as LD_LIBRARY_PATH, goes before the one that is there
 * @example childEnvironment({ LD_LIBRARY_PATH: "/mine" }, { LD_LIBRARY_PATH: "/theirs" }).LD_LIBRARY_PATH // "/mine:/theirs"
 */
export function childEnvironment(more: Variables, own: Variables = process.env): Variables {
  const joined = Object.entries(more).map(([name, value]) => {
    const before = own[name];
    return [name, name.endsWith("_PATH") && before ? `${value}:${before}` : value] as const;
  });
  return { ...own, ...Object.fromEntries(joined) };
}

/** Gives this process's variable of that name; undefined where there is none, or an empty one. */
export function ownVariable(name: string, own: Variables = process.env): string | undefined {
  return own[name] || undefined;
}
