import { fail } from "../check/check";

type Fields = Readonly<Record<string, string>>;

/**
 * Shortens fields so that the text made of them fits, and no more than that: the longest are cut to one common number of characters, so
 * that short ones stay whole; white space at the cut is left out.
 * For example `fitFields({ a: "one two three", b: "x" }, ({ a, b }) => "${a} ${b}".split(" ").length, 3, "end") // { a: "one two", b: "x" }`.
 * @param tokens how many tokens the text has that is made of such fields
 * @param lost which end of a field is cut off
 * @throws when one character of each field is already too much: the template itself fills the room
 */
export function fitFields(
  fields: Fields,
  tokens: (fields: Fields) => number,
  longest: number,
  lost: "beginning" | "end",
): Fields {
  if (tokens(fields) <= longest) return fields;
  const characters = Object.entries(fields).map(([name, text]) => [name, [...text]] as const);
  const cutTo = (length: number): Fields =>
    Object.fromEntries(
      characters.map(([name, all]) => {
        if (all.length <= length) return [name, fields[name]];
        return [
          name,
          lost === "end" ? all.slice(0, length).join("").trimEnd() : all.slice(-length).join("").trimStart(),
        ];
      }),
    );
  let fits = 0;
  let tooLong = Math.max(...characters.map(([, all]) => all.length));
  while (tooLong - fits > 1) {
    const length = Math.floor((fits + tooLong) / 2);
    if (tokens(cutTo(length)) <= longest) fits = length;
    else tooLong = length;
  }
  if (fits === 0)
    fail(
      "template",
      `fewer than ${longest} tokens beside its columns`,
      `${tokens(cutTo(1))} with one character in each`,
    );
  return cutTo(fits);
}
