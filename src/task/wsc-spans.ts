import type { Row } from "./row";

type Cells = Row["cells"];

/**
 * Makes a row of WSC whose spans are spelled as its text spells them, as the hub's `wsc.fixed` has it. A span that is in the text stays. Any
 * other takes the case of the word at its index for its first letter, loses full stops at its end, and has spaces for line ends.
 * A span that is not in the text even then (its words stand apart there) stays as the file has it.
 * @param cells text, and target with span1_text, span1_index, span2_text, span2_index; rows without a target are returned as they are
 * @example wscSpansRepaired({ text: "So the roof leaked.", target: { span1_text: "The roof", span1_index: 1 } }).target.span1_text // "the roof"
 * Source: huggingface/datasets@2db2749, datasets/super_glue/super_glue.py, configuration wsc.fixed.
 */
export function wscSpansRepaired(cells: Cells): Cells {
  const { text, target } = cells;
  if (typeof text !== "string" || typeof target !== "object" || target === null) return cells;
  const spans = target as Cells;
  const repaired = ["span1", "span2"].flatMap((span): readonly (readonly [string, unknown])[] => {
    const [spelled, index] = [spans[`${span}_text`], spans[`${span}_index`]];
    return typeof spelled === "string" && typeof index === "number"
      ? [[`${span}_text`, spanIn(text, spelled, index)]]
      : [];
  });
  return { ...cells, target: { ...spans, ...Object.fromEntries(repaired) } };
}

function spanIn(text: string, span: string, index: number): string {
  if (text.includes(span)) return span;
  const word = text.trim().split(/\s+/)[index] ?? "";
  const first = span.slice(0, 1);
  const cased = isLower(word.slice(0, 1)) ? first.toLowerCase() : first.toUpperCase();
  const repaired = (cased + span.slice(1)).replace(/\.+$/, "").replaceAll("\n", " ");
  return text.includes(repaired) ? repaired : span;
}

function isLower(letter: string): boolean {
  return letter === letter.toLowerCase() && letter !== letter.toUpperCase();
}
