import { freemem, totalmem } from "node:os";

/**
 * Gives bytes that this process may still take: what the system can give without swapping, and no more than a container's limit leaves. A
 * container's own count of free memory is not used: it counts cached file pages as taken.
 */
export function freeMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  const limited = limit > 0 && limit < totalmem();
  return Math.min(freemem(), limited ? limit - process.memoryUsage().rss : Infinity);
}
