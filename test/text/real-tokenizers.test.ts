import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { tokenizerFromGguf } from "../../src/text/gguf-tokenizer";
import { tokenizerFromFolder } from "../../src/text/folder-tokenizer";
import { labelWordIds } from "../../src/text/label-words";
import type { Tokenizer } from "../../src/text/tokenizer";
import { openGguf } from "../../src/weights/gguf";
import { findModel, missingModel } from "../support/models";
import { skipUnless } from "../support/skip";
import { throwsWith } from "../support/throws";

const test = suite("text/real-tokenizers");
const minilm = findModel("minilm");
const smollm2 = findModel("smollm2");
const withMinilm = skipUnless(minilm !== null, missingModel("minilm"));
const withSmollm2 = skipUnless(smollm2 !== null, missingModel("smollm2"));

interface Expected {
  readonly ids: readonly number[];
  readonly text: string;
}
const read = <T>(name: string): T => JSON.parse(readFileSync(`test/fixtures/text/${name}.json`, "utf8")) as T;
const corpus = read<readonly string[]>("corpus");

function agreesOnCorpus(tokenizer: Tokenizer, expected: readonly Expected[]): void {
  assert.is(expected.length, corpus.length);
  corpus.forEach((text, i) => {
    assert.equal(tokenizer.encode(text), expected[i]!.ids, `ids of ${JSON.stringify(text)}`);
    assert.is(tokenizer.decode(expected[i]!.ids), expected[i]!.text, `decoding of ${JSON.stringify(text)}`);
  });
}

const openMinilm = (): Tokenizer => tokenizerFromFolder(minilm?.kind === "safetensors" ? minilm.folder : "");
const openSmollm2 = (): Tokenizer => tokenizerFromGguf(openGguf(smollm2!.weights).metadata);

withMinilm(test, "MiniLM's ids and decodings are the Python tokenizer's on a varied corpus", () => {
  const tokenizer = openMinilm();
  assert.is(tokenizer.vocabulary, 30522);
  assert.equal(tokenizer.encode("hello world"), [101, 7592, 2088, 102]);
  agreesOnCorpus(tokenizer, read("minilm-expected"));
});

withSmollm2(test, "SmolLM2's ids and decodings are the Python tokenizer's on a varied corpus", () => {
  const tokenizer = openSmollm2();
  assert.is(tokenizer.vocabulary, 49152);
  agreesOnCorpus(tokenizer, read("smollm2-expected"));
});

withSmollm2(test, "label words of the paper's prompts are single distinct tokens of SmolLM2", () => {
  const tokenizer = openSmollm2();
  assert.equal(labelWordIds(tokenizer, [" terrible", " great"]), [13321, 1109]);
  assert.equal(labelWordIds(tokenizer, ["Yes", "No", "Maybe"]), [10539, 5230, 26314]);
  throwsWith(
    () => labelWordIds(tokenizer, ["incomprehensible", "Yes"]),
    /one token each, got "incomprehensible" = \[\d+, /,
  );
});

withMinilm(test, "a text longer than 128 tokens is not cut, although the file asks for it", () => {
  assert.is(openMinilm().encode("word ".repeat(300)).length, 302);
});

test.run();
