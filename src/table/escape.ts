const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
  $: "&#36;",
};
const characters = new Map(Object.entries(entities).map(([character, entity]) => [entity, character]));

/**
 * Gives text that came from data, made harmless in HTML and in Plotly's HTML-like labels; `$` too, since both typeset `$...$` as mathematics.
 * The numeric entities are those that Plotly decodes (it knows neither &quot; nor &apos;).
 * @example escapeText("a < b & c") // "a &lt; b &amp; c"
 * Source: plotly.js 4.1.1, svg_text_utils `convertEntities`.
 */
export function escapeText(text: string): string {
  return text.replace(/[&<>"'$]/g, (character) => entities[character]!);
}

/**
 * Gives the text that was escaped, for where it is shown as plain text.
 * @example plainText(escapeText("a < b & c")) // "a < b & c"
 */
export function plainText(escaped: string): string {
  return escaped.replace(/&#?\w+;/g, (entity) => characters.get(entity) ?? entity);
}

/**
 * Gives text that came from data, on one line, made harmless in Markdown: shown as it is, whether a page reads markup in Markdown or not.
 * @example escapeMarkdown("*a* <b>") // "\\*a\\* &lt;b\\>"
 */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\|*_`>$[\]]/g, "\\$&")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/\s+/g, " ");
}
