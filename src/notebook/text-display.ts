import { display, shown } from "./display";

/**
 * Shows sentences, Markdown allowed, under the current cell: for texts with computed numbers.
 * @param items one paragraph or list item ("- ...") each
 * @example showText(`The matrix has rank ${rank}.`)
 */
export function showText(...items: readonly string[]): { readonly [shown]: true } {
  const text = items.join("\n");
  display({ "text/markdown": text, "text/plain": text });
  return { [shown]: true };
}
