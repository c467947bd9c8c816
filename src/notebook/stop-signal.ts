import { kernelRegistry } from "./kernel-registry";

/**
 * Gives the AbortSignal of the current cell: aborted by Stop (the square button, or i i). Never aborted outside a kernel.
 * A loop that looks at it ends by itself and keeps its results; one that does not is abandoned after two seconds and goes on unseen.
 * For example `while (!signal.aborted) await step()`.
 */
export function stopSignal(): AbortSignal {
  return kernelRegistry().interrupt();
}
