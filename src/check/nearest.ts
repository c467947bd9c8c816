/**
 * Gives the candidates that are spelled most like a name, best first: those within a third of its length in edits, or that contain it.
 * @example nearest("rowberta", ["roberta", "bert", "opt"]) // ["roberta"]
 */
export function nearest(name: string, candidates: readonly string[], most = 3): readonly string[] {
  const wanted = name.toLowerCase();
  return candidates
    .map((candidate) => {
      const other = candidate.toLowerCase();
      return { candidate, edits: wanted !== "" && other.includes(wanted) ? 0 : distance(wanted, other) };
    })
    .filter(({ edits }) => edits <= Math.max(1, wanted.length / 3))
    .sort((a, b) => a.edits - b.edits)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** Writes "; nearest: a, b", or nothing where there is none: the end of a message about an unknown name. */
export function nearestHint(name: string, candidates: readonly string[]): string {
  const found = nearest(name, candidates);
  return found.length === 0 ? "" : `; nearest: ${found.join(", ")}`;
}

/** Levenshtein's distance, two letters that changed places counted once: the fewest insertions, deletions, substitutions and swaps of neighbours. */
function distance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : Infinity;
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1), swapped));
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
