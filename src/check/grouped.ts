/**
 * Gives values with the same key together: groups in the order of their first members, members in theirs. No group is empty.
 * @example grouped([1, 2, 3], (n) => String(n % 2)) // [[1, 3], [2]]
 */
export function grouped<V>(values: readonly V[], key: (value: V) => string): readonly (readonly [V, ...V[]])[] {
  const groups = new Map<string, [V, ...V[]]>();
  for (const value of values) {
    const name = key(value);
    const known = groups.get(name);
    if (known === undefined) groups.set(name, [value]);
    else known.push(value);
  }
  return [...groups.values()];
}
