/** Which texts' values are kept elsewhere, within a number of bytes: what was used longest ago goes first. */
export interface RecentTexts {
  has(key: string): boolean;
  /** Notes that these are kept and were just used. Returns the keys that no longer fit, which may be among them: they are to be forgotten. */
  use(texts: readonly { readonly key: string; readonly bytes: number }[]): readonly string[];
  clear(): void;
}

/**
 * Makes an empty memory of which texts were used last.
 * @param limit in bytes
 * @example recentTexts(10).use([{ key: "a", bytes: 6 }, { key: "b", bytes: 6 }]) // ["a"]
 */
export function recentTexts(limit: number): RecentTexts {
  const known = new Map<string, number>();
  let total = 0;
  const forget = (key: string): void => {
    total -= known.get(key) ?? 0;
    known.delete(key);
  };
  return {
    has: (key) => known.has(key),
    use(texts) {
      for (const { key, bytes } of texts) {
        forget(key);
        known.set(key, bytes);
        total += bytes;
      }
      const gone: string[] = [];
      for (const key of known.keys()) {
        if (total <= limit) break;
        forget(key);
        gone.push(key);
      }
      return gone;
    },
    clear() {
      known.clear();
      total = 0;
    },
  };
}
