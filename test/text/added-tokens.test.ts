import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { splitAtAdded, type AddedToken } from "../../src/text/added-tokens";
import { tokenizerFromJson } from "../../src/text/json-tokenizer";

const test = suite("text/added-tokens");
const token = (content: string, flags: Partial<AddedToken> = {}): AddedToken => ({
  id: 1,
  content,
  special: true,
  lstrip: false,
  rstrip: false,
  single_word: false,
  normalized: false,
  ...flags,
});
const split = (tokens: readonly AddedToken[], text: string): readonly string[] =>
  splitAtAdded(tokens)(text).map((section) => ("token" in section ? `<${section.token.content}>` : section.text));

test("a mask that strips on its left takes the spaces before it along, as RoBERTa's does", () => {
  assert.equal(split([token("mask", { lstrip: true })], "It was  mask ."), ["It was", "<mask>", " ."]);
  assert.equal(split([token("mask", { rstrip: true })], "It was  mask ."), ["It was  ", "<mask>", "."]);
  assert.equal(split([token("mask")], "mask"), ["<mask>"]);
});

test("the longest of the tokens at one place is found, and as a single word only between others", () => {
  assert.equal(split([token("ab"), token("abc")], "abcab"), ["<abc>", "<ab>"]);
  const single = [token("ab", { single_word: true })];
  assert.equal(split(single, "ab abc x_ab éab ab-ab 𝒜ab"), ["<ab>", " abc x_ab éab ", "<ab>", "-", "<ab>", " 𝒜ab"]);
  assert.equal(split([token("ab"), token("abc", { single_word: true })], "abcd ab"), ["abcd ", "<ab>"]);
});

test("pieces keep their places, and together with the tokens they are the text", () => {
  const sections = splitAtAdded([token("<s>"), token("")])("a<s>bc<s>");
  assert.equal(
    sections.map((section) => ("token" in section ? null : [section.text, section.at])),
    [["a", 0], null, ["bc", 4], null],
  );
  assert.equal(splitAtAdded([])(""), []);
});

interface Case {
  readonly name: string;
  readonly base: string | Readonly<Record<string, unknown>>;
  readonly added: readonly AddedToken[];
  readonly ids: readonly string[];
}
const folder = "test/fixtures/text";
const read = (name: string): unknown => JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8"));
const { texts, cases } = read("added-tokens") as { readonly texts: readonly string[]; readonly cases: readonly Case[] };

for (const { name, base, added, ids } of cases) {
  test(`added tokens with every combination of flags give the ids of Python's tokenizers: ${name}`, () => {
    const content = (typeof base === "string" ? read(base) : base) as { readonly added_tokens: readonly AddedToken[] };
    const tokenizer = tokenizerFromJson({ ...content, added_tokens: [...content.added_tokens, ...added] });
    texts.forEach((text, i) => assert.is(tokenizer.encode(text).join(" "), ids[i], JSON.stringify(text)));
  });
}

test.run();
