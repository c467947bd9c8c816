/**
 * Waits until something holds, looking again and again. A busy machine takes longer, so tests wait for what they need in place of a
 * time that was enough once.
 * @throws when it does not hold within the limit
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
  for (const deadline = performance.now() + limitMs; !(await holds());) {
    if (performance.now() > deadline) throw new Error(`expected within ${limitMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
