import { display, shown } from "./display";

/**
 * Shows sentences, Markdown allowed and HTML not, under the current cell: for texts with computed numbers. What comes from data or
 * from a file's name goes through `escapeMarkdown`, or its stars and links are read as such.
 * For example `showText("The matrix has rank ${rank}.")`.
 * @param items one paragraph or list item ("- ...") each
 */
export function showText(...items: readonly string[]): { readonly [shown]: true } {
  const text = items.join("\n");
  // A page that trusts the notebook would run markup in Markdown. "a < b" in a formula is none and stays.
  display({ "text/markdown": text.replace(/<(?=[a-z/!?])/gi, "&lt;"), "text/plain": text });
  return { [shown]: true };
}
