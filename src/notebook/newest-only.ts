import { kernelRegistry } from "./kernel-registry";

export interface NewestOnly<T> {
  push(value: T): void;
  /** Shows a value that still waits, at once. */
  flush(): void;
}

/**
 * Calls `show` at most once per `intervalMs` with the newest value pushed; the last one is always shown, when its turn comes or
 * when the cell ends.
 * For example `const plot = newestOnly(200, draw); for (const state of run) plot.push(state)`.
 */
export function newestOnly<T>(
  intervalMs: number,
  show: (value: T) => void,
  now: () => number = Date.now,
): NewestOnly<T> {
  let waiting: { readonly value: T } | undefined;
  let shownAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  const { flushes } = kernelRegistry();

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    flushes.delete(flush);
    if (waiting === undefined) return;
    const { value } = waiting;
    waiting = undefined;
    shownAt = now();
    show(value);
  };

  return {
    push(value) {
      waiting = { value };
      const left = shownAt + intervalMs - now();
      if (left <= 0) return flush();
      flushes.add(flush);
      timer ??= setTimeout(flush, left);
    },
    flush,
  };
}
