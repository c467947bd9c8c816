import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { encodeExamples, tokensOf } from "../../src/task/encode";
import { labelTokens, oneTokenWords } from "../../src/task/label-tokens";
import { encodeChoices, encodePrompts } from "../../src/task/options";
import { tableTask } from "../../src/task/own-table";
import type { ClassificationTask, Example, Reading } from "../../src/task/task";
import { tokenizerFromFolder } from "../../src/text/folder-tokenizer";
import { tokenizerFromGguf } from "../../src/text/gguf-tokenizer";
import { tokenizerFromJson } from "../../src/text/json-tokenizer";
import { tokenizerFromSentencePiece } from "../../src/text/sentencepiece-tokenizer";
import type { Tokenizer } from "../../src/text/tokenizer";
import { openGguf } from "../../src/weights/gguf";
import { readLlama2cTokenizer } from "../support/llama2c";
import { findModel, missingModel, missingModelFolder, modelFolder } from "../support/models";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { throwsWith } from "../support/throws";

const test = suite("task/own-prompts");
const place = scratch();
test.after(() => place.remove());
const folder = modelFolder();
const smollm2 = findModel("smollm2");
const withFolder = skipUnless(folder !== null, missingModelFolder("roberta-tokenizer"));
const withSmollm2 = skipUnless(smollm2 !== null, missingModel("smollm2"));
const file = (name: string): string => join(folder ?? "", name);

interface Row {
  readonly template: string;
  readonly text: string;
}
type Masked = Row & Record<"roberta" | "bert", { readonly ids: readonly number[]; readonly mask: number }>;
type Causal = Row & { readonly words: readonly string[] } & Readonly<
    Record<string, { readonly prompt: string; readonly options: readonly string[] }>
  >;
type Plain = { readonly text: string } & Record<"roberta" | "bert", readonly number[]>;
const expected = JSON.parse(readFileSync("test/fixtures/task/own-prompts.json", "utf8")) as {
  readonly masked: readonly Masked[];
  readonly causal: readonly Causal[];
  readonly plain: readonly Plain[];
};

const table = place.file("own.csv", "text,label\n");
const own = (template: string, words: readonly string[] = [" terrible", " great"]): ClassificationTask =>
  tableTask({
    file: table,
    label: "label",
    template: template.includes("{text}") ? template : `${template}{text}`,
    labelWords: Object.fromEntries(words.map((word, i) => [`c${i}`, word])),
  });
const exampleOf = (text: string): Example => ({ fields: { text }, label: 0, where: { file: "own.csv", line: 2 } });
const encode = (task: ClassificationTask, reading: Reading, text: string, tokenizer: Tokenizer) =>
  encodeExamples(task, reading, [exampleOf(text)], tokenizer, { context: 512 });

for (const name of ["roberta", "bert"] as const) {
  withFolder(test, `templates with a mask have the ids of whole texts, scored at the template's mask: ${name}`, () => {
    const tokenizer = tokenizerFromFolder(file(`${name}-tokenizer`));
    for (const row of expected.masked) {
      const said = `${row.template} with ${row.text}`;
      const task = own(row.template);
      const { ids, scored } = encode(task, "masked", row.template.includes("{text}") ? row.text : "", tokenizer);
      assert.equal([ids[0], scored], [row[name].ids, [row[name].mask]], said);
      if (row.template.includes("{text}"))
        assert.is(tokensOf(task, "masked", exampleOf(row.text), tokenizer), ids[0]!.length, said);
    }
  });

  withFolder(test, `the plain text of an encoder has the ids of whole texts: ${name}`, () => {
    const tokenizer = tokenizerFromFolder(file(`${name}-tokenizer`));
    for (const row of expected.plain)
      assert.equal(encode(own("{text} It was<mask>."), "pooled", row.text, tokenizer).ids, [row[name]], row.text);
  });
}

/** Prompts and options against the ids of whole texts: for classes scored by rows, for options, for decoding. */
function causalAgrees(tokenizer: Tokenizer, name: string): void {
  for (const row of expected.causal) {
    if (!(name in row)) continue;
    const said = `${row.template} with ${row.text}`;
    const task = own(row.template, row.words);
    const { prompt, options } = row[name]!;
    assert.is(encode(task, "causal", row.text, tokenizer).ids[0]!.join(" "), prompt, said);
    assert.is(
      encodePrompts(task, [exampleOf(row.text)], tokenizer, { context: 512 }).prompts[0]!.join(" "),
      prompt,
      said,
    );
    const [choice] = encodeChoices(task, [exampleOf(row.text)], tokenizer, { context: 512 }).choices;
    choice!.options.forEach(({ ids, from }, i) => {
      assert.is(ids.join(" "), options[i], said);
      // What is the option's own begins where the whole text first differs from the prompt.
      assert.is(ids.slice(0, from).join(" "), prompt.split(" ").slice(0, from).join(" "), said);
      assert.is.not(ids[from], Number(prompt.split(" ")[from] ?? NaN));
    });
    // Where words count as one token each, they are the one token that whole-text tokenization gives after this text too; SentencePiece
    // models put a space before what follows a special token, which a text may end in.
    if (row.template.endsWith("{text}") && row.text.endsWith("<s>")) continue;
    if (!oneTokenWords(task, "causal", tokenizer)) continue;
    assert.equal(
      labelTokens(task, "causal", tokenizer).map((id) => `${prompt} ${id}`),
      options,
      said,
    );
  }
}

for (const name of ["gpt-2", "gpt-2-prefix", "llama-3", "qwen-2"])
  test(`templates to continue and their words have the ids of whole texts: ${name}`, () =>
    causalAgrees(tokenizerFromJson(`test/fixtures/text/${name}.json`), name));

withFolder(test, "templates to continue and their words have the ids of whole texts: Llama-2", () =>
  causalAgrees(tokenizerFromSentencePiece(file("llama2-32k-tokenizer.model")), "llama2"),
);

withFolder(test, "templates to continue and their words have the ids of whole texts: stories260K", () =>
  causalAgrees(readLlama2cTokenizer(file("tok512.bin")), "stories"),
);

withFolder(test, "templates to continue and their words have the ids of whole texts: OPT's files", () => {
  const made = place.file("opt");
  mkdirSync(made);
  for (const name of ["vocab.json", "merges.txt"]) copyFileSync(file(`roberta-tokenizer/${name}`), join(made, name));
  const notes = { tokenizer_class: "GPT2Tokenizer", add_bos_token: true, bos_token: "</s>", eos_token: "</s>" };
  const all = { ...notes, unk_token: "</s>", pad_token: "<pad>" };
  writeFileSync(join(made, "tokenizer_config.json"), JSON.stringify(all));
  causalAgrees(tokenizerFromFolder(made), "opt");
});

withSmollm2(test, "templates to continue and their words have the ids of whole texts: SmolLM2's GGUF", () =>
  causalAgrees(tokenizerFromGguf(openGguf(smollm2!.weights).metadata), "smollm2"),
);

withFolder(test, "a word without a space has the one that the mask takes along, and none where it takes none", () => {
  const roberta = tokenizerFromFolder(file("roberta-tokenizer"));
  const tokens = (template: string, words: readonly string[]) => labelTokens(own(template, words), "masked", roberta);
  const spaced = [6587, 372]; // "Ġterrible", "Ġgreat"
  assert.equal(tokens("{text} It was <mask>.", [" terrible", " great"]), spaced);
  assert.equal(tokens("{text} It was <mask>.", ["terrible", "great"]), spaced);
  assert.equal(tokens("{text} It was<mask>.", [" terrible", " great"]), spaced);
  assert.equal(
    tokens("{text} #<mask>.", ["good", "great"]).map((id) => roberta.decode([id])),
    ["good", "great"],
  );
});

withFolder(test, "a text that is too long for a template loses its end, the template stays, and it is counted", () => {
  const roberta = tokenizerFromFolder(file("roberta-tokenizer"));
  const task = own("Review: {text} It was <mask>.");
  const long = Array.from({ length: 900 }, (_, i) => `word${i}`).join(" ");
  const { ids, scored, cut } = encode(task, "masked", long, roberta);
  assert.ok(ids[0]!.length <= 512 && ids[0]!.length > 505, `${ids[0]!.length} tokens`);
  const text = roberta.decode(ids[0]!);
  assert.ok(text.startsWith("<s>Review: word0 word1 ") && text.endsWith(" It was<mask>.</s>"), text.slice(-60));
  assert.equal([ids[0]![scored[0] as number], cut], [50264, 1]);
  // What is kept is what the tokenizer makes of the shorter text as a whole.
  const kept = text.slice("<s>Review: ".length, -" It was<mask>.</s>".length);
  assert.equal(roberta.encode(`Review: ${kept} It was <mask>.`), ids[0]);
  // A context below 512 counts as well; a template that fills it is an error.
  assert.ok(encodeExamples(task, "masked", [exampleOf(long)], roberta, { context: 16 }).ids[0]!.length <= 16);
  throwsWith(
    () => encodeExamples(task, "masked", [exampleOf(long)], roberta, { context: 8 }),
    "own.csv line 2, template: expected fewer than 8 tokens beside its columns",
  );
});

withFolder(test, "a prompt to continue that may be cut loses the beginning of its text, and the template stays", () => {
  const llama2 = tokenizerFromSentencePiece(file("llama2-32k-tokenizer.model"));
  const task = own("Review: {text}\nIt was", [" terrible", " great"]);
  const long = Array.from({ length: 90 }, (_, i) => `word${i}`).join(" ");
  const { ids, cut } = encodeExamples(task, "causal", [exampleOf(long)], llama2, { context: 512, cutTo: 40 });
  const text = llama2.decode(ids[0]!);
  assert.ok(ids[0]!.length <= 40 && ids[0]!.length >= 36, `${ids[0]!.length} tokens`);
  assert.ok(text.startsWith("<s> Review: ") && text.endsWith("word88 word89\nIt was"), text);
  assert.is(cut, 1);
  const { choices, cut: cutChoices } = encodeChoices(task, [exampleOf(long)], llama2, { context: 512, cutTo: 40 });
  choices[0]!.options.forEach((option) => {
    assert.ok(option.ids.length <= 40 && llama2.decode(option.ids).startsWith("<s> Review: "));
    assert.is(option.ids.length - option.from, 1);
  });
  assert.is(cutChoices, 1);
});

test.run();
