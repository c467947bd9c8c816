import { fail } from "../check/check";
import type { GgufHeader } from "./gguf-header";

/**
 * Gives the files of a model that was split by llama.cpp, in order; of another model, its one file.
 * @example ggufParts("m-00002-of-00002.gguf") // ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"]
 */
export function ggufParts(path: string): readonly string[] {
  const [, name, total] = /^(.*)-\d{5}-of-(\d{5})\.gguf$/.exec(path) ?? [];
  if (name === undefined || total === undefined) return [path];
  if (Number(total) === 0) fail(`${path}: number of parts`, "at least one", total);
  return Array.from({ length: Number(total) }, (_, i) => `${name}-${String(i + 1).padStart(5, "0")}-of-${total}.gguf`);
}

/**
 * Checks that the parts belong together: each says its number and how many there are, the first how many tensors all have.
 * @throws when a part is another one's, or is opened under a name that does not say its number
 */
export function checkParts(parts: readonly { readonly path: string; readonly header: GgufHeader }[]): void {
  const total = parts.length;
  parts.forEach(({ path, header: { metadata } }, i) => {
    const count = metadata.get("split.count") ?? 1;
    if (count !== total && !(count === 0 && total === 1))
      fail(`${path}: split.count`, `${total}, as file names of the form NAME-00001-of-00002.gguf say`, count);
    const number = metadata.get("split.no") ?? 0;
    if (number !== i) fail(`${path}: split.no`, `${i}, as the file's name says`, number);
  });
  const tensors = parts.reduce((sum, { header }) => sum + header.tensors.length, 0);
  const expected = parts[0]?.header.metadata.get("split.tensors.count") ?? tensors;
  if (total > 1 && expected !== tensors)
    fail(`${parts[0]!.path}: split.tensors.count`, `${tensors}, as all parts have`, expected);
}
