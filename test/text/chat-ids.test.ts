import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { askIds, chatIds, turnEndOf } from "../../src/text/chat-ids";
import { chatTemplateFromGguf, chatWriter } from "../../src/text/chat-template";
import type { ChatMessage, ChatTemplate } from "../../src/text/chat-template";
import { tokenizerFromGguf } from "../../src/text/gguf-tokenizer";
import { tokenizerFromJson } from "../../src/text/json-tokenizer";
import { tokenizerFromSentencePiece } from "../../src/text/sentencepiece-tokenizer";
import type { Tokenizer } from "../../src/text/tokenizer";
import { openGguf } from "../../src/weights/gguf";
import { findModel, missingModel } from "../support/models";
import { skipUnless } from "../support/skip";

const test = suite("text/chat-ids");
const files = findModel("smollm2");
const withSmollm2 = skipUnless(files !== null, missingModel("smollm2"));

/** What transformers makes of conversations; see test/fixtures/chat/make.py. */
interface Judged {
  readonly name: string;
  readonly tokenizer: "smollm2" | "llama-3" | "qwen-2";
  readonly source: string;
  readonly special: ChatTemplate["special"];
  readonly cases: readonly {
    readonly messages: readonly ChatMessage[];
    readonly text: string;
    readonly ids: readonly number[];
    /** A digit a token: 1 is the assistant's. */
    readonly mask: string;
    readonly asked: string;
  }[];
}
const judged = JSON.parse(readFileSync("test/fixtures/chat/chat.json", "utf8")) as readonly Judged[];

function tokenizerOf(name: Judged["tokenizer"]): Tokenizer {
  if (name === "smollm2") return tokenizerFromGguf(openGguf(files!.weights).metadata);
  return tokenizerFromJson(`test/fixtures/text/${name}.json`);
}

for (const { name, tokenizer: which, source, special, cases } of judged) {
  const given = which === "smollm2" ? withSmollm2 : skipUnless(true, "");
  given(test, `${name}, ${which}: text, token ids and the assistant's tokens are those of transformers`, () => {
    const tokenizer = tokenizerOf(which);
    const writer = chatWriter({ source, special, from: name });
    for (const { messages, text, ids, mask, asked } of cases) {
      const said = JSON.stringify(messages);
      assert.is(writer.writeWhole(messages).text, text, said);
      const found = chatIds(tokenizer, writer, messages);
      assert.equal(found.ids, ids, said);
      const own = found.ids.map((_, i) => (found.turns.some(({ from, to }) => from <= i && i < to) ? "1" : "0"));
      assert.is(own.join(""), mask, said);
      assert.is(writer.write(messages.slice(0, -1), true), asked, said);
      assert.equal(askIds(tokenizer, writer, messages.slice(0, -1)), tokenizer.written(asked));
    }
  });
}

withSmollm2(test, "SmolLM2's own template comes from its file, and its answers end at <|im_end|>", () => {
  const { metadata } = openGguf(files!.weights);
  const template = chatTemplateFromGguf(metadata)!;
  assert.is(template.source, judged[0]!.source);
  assert.is(template.special["eos_token"], "<|im_end|>");
  const [tokenizer, writer] = [tokenizerFromGguf(metadata), chatWriter(template)];
  const messages = [
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Hello." },
  ];
  const { ids, turns } = chatIds(tokenizer, writer, messages);
  assert.equal(turns.length, 1);
  assert.is(tokenizer.decode(ids.slice(turns[0]!.from, turns[0]!.to)), "Hello.<|im_end|>");
  assert.equal(turnEndOf(tokenizer, writer), { tokens: [2], texts: [] });
});

test("an answer ends where its template ends it: at a token of its own, or at a text", () => {
  const tokenizer = tokenizerFromJson("test/fixtures/text/qwen-2.json");
  const writer = (end: string) =>
    chatWriter({
      source: `{% for m in messages %}{{ m.role + ': ' + m.content + '${end}' }}{% endfor %}`,
      special: {},
      from: "test",
    });
  const [end] = tokenizer.written("<|endoftext|>");
  assert.equal(turnEndOf(tokenizer, writer("<|endoftext|>\\n")), { tokens: [end], texts: [] });
  assert.equal(turnEndOf(tokenizer, writer(" ### over\\n\\n")), { tokens: [end], texts: ["### over"] });
  assert.equal(turnEndOf(tokenizer, writer("\\n")), { tokens: [end], texts: [] });
});

test("a text with its special tokens written in it is the whole text's ids without those that are added", () => {
  const pieces = tokenizerFromSentencePiece("test/fixtures/text/pieces.model");
  const corpus = JSON.parse(readFileSync("test/fixtures/text/corpus.json", "utf8")) as readonly string[];
  for (const text of corpus) {
    assert.equal([pieces.special.beginning, ...pieces.written(text)], pieces.encode(text), JSON.stringify(text));
    assert.equal(pieces.written(`<s>${text}`)[0], pieces.special.beginning);
  }
});

test.run();
