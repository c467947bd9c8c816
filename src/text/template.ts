/**
 * Gives the step of a tokenizer.json that puts one special token before a text and one after it; null for neither.
 * For example `template("<s>", null, new Map([["<s>", 1]]))`: <s> text.
 */
export function template(before: string | null, after: string | null, ids: ReadonlyMap<string, number>): object | null {
  if (before === null && after === null) return null;
  const token = (name: string | null): readonly object[] =>
    name === null ? [] : [{ SpecialToken: { id: name, type_id: 0 } }];
  const sequence = (id: "A" | "B"): object => ({ Sequence: { id, type_id: 0 } });
  const names = [before, after].filter((name) => name !== null);
  return {
    type: "TemplateProcessing",
    single: [...token(before), sequence("A"), ...token(after)],
    pair: [...token(before), sequence("A"), ...token(after), sequence("B"), ...token(after)],
    special_tokens: Object.fromEntries(
      names.map((name) => [name, { id: name, ids: [ids.get(name!)], tokens: [name] }]),
    ),
  };
}
