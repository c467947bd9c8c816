/**
 * What is known to have been wrong with the project when a record was made, and is repaired since. A record names its fault in its line; new
 * ones never have one. `npm run experiment -- --remake` makes such runs again.
 */
export const FAULTS = {
  /** The top byte of a model's last frozen number was zero in the engine, from commit 82fc90b until 22f5f22. */
  "last-weight": "with one corrupted weight",
} as const;

export type Fault = keyof typeof FAULTS;

export function isFault(value: unknown): value is Fault {
  return typeof value === "string" && Object.hasOwn(FAULTS, value);
}

export function hasFault({ fault }: { readonly fault?: Fault }): boolean {
  return fault !== undefined;
}

/**
 * Gives the remark that stands where numbers of these records are shown; null where none has a fault.
 * @example faultRemark([{ fault: "last-weight" }, {}]) // "1 of 2 runs was made with one corrupted weight (repaired since; being made again)"
 */
export function faultRemark(records: readonly { readonly fault?: Fault }[]): string | null {
  const remarks = (Object.keys(FAULTS) as Fault[]).flatMap((fault) => {
    const count = records.filter((record) => record.fault === fault).length;
    return count === 0
      ? []
      : `${count} of ${records.length} runs ${count === 1 ? "was" : "were"} made ${FAULTS[fault]}`;
  });
  return remarks.length === 0 ? null : `${remarks.join(", ")} (repaired since; being made again)`;
}
