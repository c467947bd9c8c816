/** A token that is found in a text before anything is split, with the flags that a tokenizer.json gives it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  /** Takes the white space before it along (RoBERTa's "<mask>"), or after it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Is found only where no letter, digit or underscore touches it. */
  readonly single_word: boolean;
  /** Is looked for in the normalized text, its own content normalized too; otherwise in the text as it is. */
  readonly normalized: boolean;
}

/**
 * Makes an added token as a file describes it: an object with `content` and flags; null where it is none.
 * @example addedToken(4, { content: "<mask>", lstrip: true, special: true })?.normalized // false
 * Source: what huggingface/tokenizers 0.22 takes where a flag is missing.
 */
export function addedToken(id: unknown, described: Readonly<Record<string, unknown>>): AddedToken | null {
  const { content, normalized } = described;
  if (typeof id !== "number" || typeof content !== "string") return null;
  const flag = (name: string): boolean => described[name] === true;
  return {
    id,
    content,
    special: flag("special"),
    lstrip: flag("lstrip"),
    rstrip: flag("rstrip"),
    single_word: flag("single_word"),
    normalized: typeof normalized === "boolean" ? normalized : !flag("special"),
  };
}

/** A piece between added tokens with its place in the text, or an added token. */
export type Section = { readonly text: string; readonly at: number } | { readonly token: AddedToken };

/**
 * Splits a text at added tokens: the leftmost first, of those that begin at one place the longest; what a flagged token strips is gone.
 * A longest match that is no single word is passed over whole.
 * For example `splitAtAdded([mask])("It was <mask>.")`: "It was", <mask> (lstrip), ".".
 * @param contentOf how a token is written in the texts; default: its content. An empty one is never found
 * Source: `AddedVocabulary::find_matches` of huggingface/tokenizers 0.22, added_vocabulary.rs.
 */
export function splitAtAdded(
  tokens: readonly AddedToken[],
  contentOf: (token: AddedToken) => string = ({ content }) => content,
): (text: string) => readonly Section[] {
  const byFirst = new Map<string, { readonly token: AddedToken; readonly content: string }[]>();
  for (const token of tokens) {
    const content = contentOf(token);
    if (content === "") continue;
    byFirst.set(content[0]!, [...(byFirst.get(content[0]!) ?? []), { token, content }]);
  }
  for (const list of byFirst.values()) list.sort((a, b) => b.content.length - a.content.length);
  return (text) => {
    const sections: Section[] = [];
    let from = 0;
    for (let i = 0; i < text.length;) {
      const found = byFirst.get(text[i]!)?.find(({ content }) => text.startsWith(content, i));
      if (found === undefined) {
        i += 1;
        continue;
      }
      const { token, content } = found;
      let [start, stop] = [i, i + content.length];
      i = stop;
      if (token.single_word && (endsWithWord(text, start) || startsWithWord(text, stop))) continue;
      if (token.lstrip) while (start > from && WHITE_SPACE.test(text[start - 1]!)) start -= 1;
      if (token.rstrip) while (stop < text.length && WHITE_SPACE.test(text[stop]!)) stop += 1;
      if (from < start) sections.push({ text: text.slice(from, start), at: from });
      sections.push({ token });
      from = stop;
    }
    if (from < text.length) sections.push({ text: text.slice(from), at: from });
    return sections;
  };
}

/** Unicode's White_Space, all of one UTF-16 unit; JavaScript's \s has U+FEFF and lacks U+0085. */
const WHITE_SPACE = /\p{White_Space}/u;
/** What Unicode's regular expressions take for a part of a word (UTS 18, annex C). */
const WORD = "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]";
const ENDS_WITH_WORD = new RegExp(`${WORD}$`, "u");
const STARTS_WITH_WORD = new RegExp(`^${WORD}`, "u");

// A character may be two UTF-16 units.
function endsWithWord(text: string, at: number): boolean {
  return ENDS_WITH_WORD.test(text.slice(Math.max(at - 2, 0), at));
}

function startsWithWord(text: string, at: number): boolean {
  return STARTS_WITH_WORD.test(text.slice(at, at + 2));
}
