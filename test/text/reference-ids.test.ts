import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { tokenizerFromFolder } from "../../src/text/folder-tokenizer";
import { tokenizerFromJson } from "../../src/text/json-tokenizer";
import { labelWordIds } from "../../src/text/label-words";
import { promptIds } from "../../src/text/prompt";
import { tokenizerFromSentencePiece } from "../../src/text/sentencepiece-tokenizer";
import type { Tokenizer } from "../../src/text/tokenizer";
import { modelFolder, missingModelFolder } from "../support/models";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { throwsWith } from "../support/throws";

const test = suite("text/reference-ids");
const place = scratch();
test.after(() => place.remove());
const here = "test/fixtures/text";
const read = <T>(name: string): T => JSON.parse(readFileSync(`${here}/${name}.json`, "utf8")) as T;
const corpus = read<readonly string[]>("corpus");
const withControl = (text: string): boolean => /<s>|<\/s>|<unk>/.test(text);

/** Ids as the Python packages give them; see make.py. */
function agrees(tokenizer: Tokenizer, name: string, which: (text: string) => boolean = () => true): void {
  const expected = read<readonly string[]>(`${name}-ids`);
  assert.is(expected.length, corpus.length);
  corpus.forEach((text, i) => {
    if (which(text)) assert.is(tokenizer.encode(text).join(" "), expected[i], `ids of ${JSON.stringify(text)}`);
  });
}

for (const name of ["gpt-2", "gpt-2-prefix", "llama-3", "qwen-2"]) {
  test(`byte-level BPE with the words of ${name} gives the ids of Python's tokenizers`, () => {
    const tokenizer = tokenizerFromJson(`${here}/${name}.json`);
    agrees(tokenizer, name);
  });
}

test("a SentencePiece model with byte fallback gives sentencepiece's ids", () => {
  agrees(tokenizerFromSentencePiece(`${here}/pieces.model`), "pieces");
});

test("a SentencePiece model that removes extra spaces gives sentencepiece's ids", () => {
  const tokenizer = tokenizerFromSentencePiece(`${here}/pieces-fewer-spaces.model`);
  agrees(tokenizer, "pieces-fewer-spaces", (text) => !withControl(text));
});

const folder = modelFolder();
const file = (name: string): string => join(folder ?? "", name);
const having = (name: string): typeof withLlama2 =>
  skipUnless(folder !== null && existsSync(file(name)), missingModelFolder(name));
const withLlama2 = skipUnless(
  folder !== null && existsSync(file("llama2-32k-tokenizer.model")),
  missingModelFolder("llama2-32k-tokenizer.model"),
);

withLlama2(test, "Llama-2's tokenizer.model gives sentencepiece's ids", () => {
  const tokenizer = tokenizerFromSentencePiece(file("llama2-32k-tokenizer.model"));
  assert.is(tokenizer.vocabulary, 32000);
  agrees(tokenizer, "llama2");
});

having("roberta-tokenizer")(test, "RoBERTa's tokenizer.json gives the ids of Python's tokenizers", () => {
  agrees(tokenizerFromJson(file("roberta-tokenizer/tokenizer.json")), "roberta");
});

having("bert-tokenizer")(test, "BERT's tokenizer.json gives the ids of Python's tokenizers", () => {
  const tokenizer = tokenizerFromJson(file("bert-tokenizer/tokenizer.json"));
  const expected = read<readonly { readonly ids: readonly number[] }[]>("minilm-expected");
  corpus.forEach((text, i) => assert.equal(tokenizer.encode(text), expected[i]!.ids, JSON.stringify(text)));
});

having("roberta-tokenizer")(test, "RoBERTa's vocab.json with merges.txt gives the ids of its tokenizer.json", () => {
  const folder = place.file("roberta");
  mkdirSync(folder);
  for (const name of ["vocab.json", "merges.txt"]) copyFileSync(file(`roberta-tokenizer/${name}`), join(folder, name));
  const tokenizer = tokenizerFromFolder(folder);
  assert.equal(tokenizer.special, { unknown: 3, beginning: 0, end: 2, mask: 50264, padding: 1 });
  agrees(tokenizer, "roberta");
});

having("roberta-tokenizer")(
  test,
  "flags of tokens in tokenizer_config.json hold, and tokens that only it names are found",
  () => {
    const folder = place.file("flags");
    mkdirSync(folder);
    for (const name of ["vocab.json", "merges.txt"])
      copyFileSync(file(`roberta-tokenizer/${name}`), join(folder, name));
    const note = (content: string, flags: object): object => ({ content, normalized: false, special: true, ...flags });
    const added = { 50264: note("<mask>", { rstrip: true }), 50265: note("<x>", { lstrip: true, rstrip: true }) };
    const notes = (more: object): void =>
      writeFileSync(
        join(folder, "tokenizer_config.json"),
        JSON.stringify({ tokenizer_class: "RobertaTokenizer", ...more }),
      );
    notes({ added_tokens_decoder: added });
    // transformers 5.24 gives these ids
    assert.is(tokenizerFromFolder(folder).encode("a <mask> b <x> c").join(), "0,102,1437,50264,428,50265,438,2");
    notes({ mask_token: { content: "<mask>", rstrip: true } });
    assert.is(tokenizerFromFolder(folder).encode("a <mask> b").join(), "0,102,1437,50264,428,2");
    notes({ added_tokens_decoder: { 50265: {} } });
    throwsWith(
      () => tokenizerFromFolder(folder),
      "added_tokens_decoder of tokenizer_config.json: expected tokens with content",
    );
  },
);

having("bert-tokenizer")(test, "BERT's vocab.txt gives the ids of its tokenizer.json", () => {
  const folder = place.file("bert");
  mkdirSync(folder);
  copyFileSync(file("bert-tokenizer/vocab.txt"), join(folder, "vocab.txt"));
  const tokenizer = tokenizerFromFolder(folder);
  assert.equal(tokenizer.special, { unknown: 100, beginning: 101, end: 102, mask: 103, padding: 0 });
  const whole = tokenizerFromFolder(file("bert-tokenizer"));
  for (const text of corpus) assert.equal(tokenizer.encode(text), whole.encode(text), JSON.stringify(text));
});

having("roberta-tokenizer")(test, "the RoBERTa prompt of SST-2, put together from its parts", () => {
  const tokenizer = tokenizerFromFolder(file("roberta-tokenizer"));
  const [beginning, mask, end] = (["beginning", "mask", "end"] as const).map((special) => ({ special }));
  const prompt = promptIds(tokenizer, [beginning!, "a gripping film", " It was", mask!, " .", end!]);
  assert.is(prompt.mask, prompt.ids.indexOf(50264));
  assert.is(tokenizer.decode(prompt.ids), "<s>a gripping film It was<mask> .</s>");
  // The same as one text: the mask takes the space before it along.
  assert.equal(prompt.ids, tokenizer.encode("a gripping film It was <mask> ."));
  assert.equal(labelWordIds(tokenizer, [" terrible", " great"]), [6587, 372]);
});

withLlama2(test, "label words of Llama-2 are single tokens after a prompt, with their space or without", () => {
  const tokenizer = tokenizerFromSentencePiece(file("llama2-32k-tokenizer.model"));
  const ids = labelWordIds(tokenizer, [" great", "Yes", "No"]);
  assert.is(tokenizer.decode(ids), "greatYesNo");
  assert.equal(tokenizer.encode("It was great"), [...tokenizer.encode("It was"), ids[0]!]);
  assert.equal(tokenizer.encode("Yes or No?\nYes"), [...tokenizer.encode("Yes or No?\n"), ids[1]!]);
});

test.run();
