import type { Example } from "./task";

/** Two examples with equal keys are the same text: their fields in lower case with runs of white space made one space. */
export function textKey({ fields, candidates = [] }: Example): string {
  return [...Object.values(fields), ...candidates].join("\n").toLowerCase().replace(/\s+/g, " ").trim();
}
