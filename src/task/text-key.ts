import type { Example } from "./task";

/** Makes an example's key: two examples with equal keys are the same text: their fields and options in lower case, runs of white space made one space. */
export function textKey(example: Example): string {
  return keyOf(example, plain);
}

/** Makes a `textKey` for many examples: a long field that many share (a passage) is made plain once. */
export function textKeys(): (example: Example) => string {
  const known = new Map<string, string>();
  const once = (text: string): string => {
    if (text.length < 200) return plain(text);
    const found = known.get(text) ?? plain(text);
    known.set(text, found);
    return found;
  };
  return (example) => keyOf(example, once);
}

function keyOf({ fields, candidates = [] }: Example, made: (text: string) => string): string {
  return [...Object.values(fields), ...candidates].map(made).join("\n");
}

function plain(text: string): string {
  return text.toLowerCase().replace(/\s+/g, " ").trim();
}
