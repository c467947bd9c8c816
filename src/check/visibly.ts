/**
 * Gives a text as it looks: composed (NFC), runs of white space of any kind one space and none at its ends, without characters that leave no mark
 * (zero widths, byte-order marks, soft hyphens, controls, marks of direction).
 * @example visibly("\ufeffyes\u00a0\u200b") // "yes"
 */
export function visibly(text: string): string {
  return text
    .normalize("NFC")
    .replace(/\s+/gu, " ")
    .replace(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, "")
    .replace(/ +/g, " ")
    .trim();
}

/**
 * Gives a text in quotes, with what cannot be seen in it written out: invisible characters, spaces other than the plain one, combining marks.
 * @example marked("yes\u00a0") // "\"yes\\u{a0}\""
 */
export function marked(text: string): string {
  const written = text.replace(
    /(?! )[\s\p{Cc}\p{Cf}\p{Zs}\p{M}\p{Default_Ignorable_Code_Point}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
  return `"${written}"`;
}
