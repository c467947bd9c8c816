import type { CrewCounts } from "./crew";

/**
 * Says in one line what a crew did and what it took on the wire.
 * For example `describeCounts(crew.counts())`: "20 steps with workers: 160 numbers from them, 0 computed here; 1386 bytes a step ...".
 */
export function describeCounts({
  steps,
  remote,
  own,
  sent,
  received,
  computing,
  waiting,
  dropped,
  lost,
}: CrewCounts): string {
  const bytes = sent + received;
  const each = steps === 0 ? "" : `; ${Math.round(bytes / steps)} bytes a step`;
  const asked = remote === 0 ? "" : `, ${(computing / 1000).toFixed(1)} s computed there and ${(waiting / 1000).toFixed(1)} s on the way`; // prettier-ignore
  const troubles = lost + dropped === 0 ? "" : `; ${lost} workers lost at work, ${dropped} lines dropped`;
  return (
    `${steps} steps with workers: ${remote} numbers from them, ${own} computed here${each}, ` +
    `${Math.round(bytes / 1024)} KiB in all (${Math.round(sent / 1024)} there, ${Math.round(received / 1024)} back)${asked}${troubles}`
  );
}
