import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { limitsOf } from "../../src/experiment/problem-options";
import type { ProblemOptions } from "../../src/experiment/problem-options";
import { encodeExamples, labelledBatch } from "../../src/task/encode";
import type { LengthLimits } from "../../src/task/encode";
import { labelTokens, oneTokenWords } from "../../src/task/label-tokens";
import { encodeChoices, encodeOption, encodePrompts } from "../../src/task/options";
import { promptText } from "../../src/task/reading";
import type { Reading } from "../../src/task/task";
import { taskNamed } from "../../src/task/tasks";
import { tokenizerFromFolder } from "../../src/text/folder-tokenizer";
import { tokenizerFromGguf } from "../../src/text/gguf-tokenizer";
import { tokenizerFromSentencePiece } from "../../src/text/sentencepiece-tokenizer";
import type { Tokenizer } from "../../src/text/tokenizer";
import { openGguf } from "../../src/weights/gguf";
import { findModel, missingModel, missingModelFolder, modelFolder } from "../support/models";
import { skipUnless } from "../support/skip";
import { throwsWith } from "../support/throws";
import { workedPrompts } from "../support/worked-prompts";
import { wordTokenizer } from "../support/word-tokenizer";

const test = suite("task/prompt-ids");
const where = { file: "x", line: 1 };
const folder = modelFolder();
const smollm2 = findModel("smollm2");
const withRoberta = skipUnless(folder !== null, missingModelFolder("roberta-tokenizer"));
const withLlama2 = skipUnless(folder !== null, missingModelFolder("llama2-32k-tokenizer.model"));
const withSmollm2 = skipUnless(smollm2 !== null, missingModel("smollm2"));

type CausalIds = { readonly prompt: readonly number[]; readonly options: readonly (readonly number[])[] };
interface ExpectedIds {
  readonly task: string;
  readonly reading: Reading;
  readonly text: string;
  readonly roberta?: readonly number[];
  readonly words?: readonly (readonly number[])[];
  readonly llama2?: CausalIds;
  readonly smollm2?: CausalIds;
}
const expected = JSON.parse(readFileSync("test/fixtures/task/prompt-ids.json", "utf8")) as readonly ExpectedIds[];
const idsOf = ({ task, reading, text }: Pick<ExpectedIds, "task" | "reading" | "text">) =>
  expected.find((one) => one.task === task && one.reading === reading && one.text === text);

test("the fixture is of the worked prompts as they are", () => {
  const read = workedPrompts.filter(({ reading }) => reading !== "pooled");
  assert.equal(
    expected.map(({ task, reading, text }) => ({ task, reading, text })),
    read.map(({ task, reading, text }) => ({ task, reading, text })),
  );
});

withRoberta(
  test,
  "masked prompts and label words have the ids of Python's RoBERTa tokenizer, scored at the mask",
  () => {
    const tokenizer = tokenizerFromFolder(join(folder ?? "", "roberta-tokenizer"));
    for (const one of workedPrompts.filter(({ reading }) => reading === "masked")) {
      const task = taskNamed(one.task);
      const { roberta, words } = idsOf(one)!;
      const { input } = labelledBatch(encodeExamples(task, "masked", [one.example], tokenizer, { context: 512 }), [0]);
      assert.equal(input.ids, [roberta], one.task);
      assert.equal(input.scored, [roberta!.indexOf(50264)], one.task);
      assert.equal(
        labelTokens(task, "masked", tokenizer).map((id) => [id]),
        words,
        one.task,
      );
    }
  },
);

/** Prompts, options and where they begin, against the ids of the whole texts. */
function causalAgrees(tokenizer: Tokenizer, name: "llama2" | "smollm2"): void {
  for (const one of workedPrompts.filter(({ reading }) => reading === "causal")) {
    const task = taskNamed(one.task);
    const { prompt, options } = idsOf(one)![name]!;
    const { choices } = encodeChoices(task, [one.example], tokenizer, { context: 2048 });
    assert.equal(
      choices[0].options.map(({ ids }) => ids),
      options,
      `${one.task}, ${one.text}`,
    );
    choices[0].options.forEach(({ ids, from }) => assert.equal(ids.slice(0, from), prompt, one.task));
    if (task.kind !== "classification") continue;
    // Yes, No and Maybe follow a line end without a space, " terrible" and " great" a word: all are one token
    assert.ok(oneTokenWords(task, "causal", tokenizer), one.task);
    const words = labelTokens(task, "causal", tokenizer);
    assert.equal(
      words,
      options.map((ids) => ids[ids.length - 1]),
      one.task,
    );
    const { input } = labelledBatch(encodeExamples(task, "causal", [one.example], tokenizer, { context: 2048 }), [0]);
    assert.equal([input.ids, input.scored], [[prompt], [prompt.length - 1]], one.task);
  }
}

withLlama2(test, "prompts to continue and their options have the ids of sentencepiece, for Llama-2", () => {
  const tokenizer = tokenizerFromSentencePiece(join(folder ?? "", "llama2-32k-tokenizer.model"));
  causalAgrees(tokenizer, "llama2");
});

withSmollm2(test, "prompts to continue and their options have the ids of Python's tokenizers, for SmolLM2", () => {
  if (smollm2 === null) return;
  causalAgrees(tokenizerFromGguf(openGguf(smollm2.weights).metadata), "smollm2");
});

test("a long first sentence is cut to its limit and a long prompt at its end, and both are counted", () => {
  const words = wordTokenizer();
  const tokenizer: Tokenizer = {
    ...words,
    special: { unknown: null, beginning: 900, end: 901, mask: 902, padding: null },
  };
  const long = (count: number) => Array.from({ length: count }, (_, i) => ` w${i}`).join("");
  const example = (premise: string, hypothesis: string) => ({
    fields: { premise, hypothesis },
    label: 0,
    where: { file: "x", line: 1 },
  });
  const encode = (premise: string, hypothesis: string) =>
    encodeExamples(taskNamed("rte"), "masked", [example(premise, hypothesis)], tokenizer, { context: 512 });
  // <s>, 240 of 300 tokens, ?, mask, comma, 2 words, </s>: the mask is token 242 from 0
  const first = encode(`${long(300)}.`, "it is");
  assert.equal([first.ids[0].length, first.scored, first.cut], [247, [242], 1]);
  // 256 at most: the end is lost, </s> with it, as in the reference
  const both = encode(`${long(300)}.`, `it${long(50)}`);
  assert.equal([both.ids[0].length, both.scored, both.ids[0].includes(901)], [256, [242], false]);
  assert.is(encode("One.", "two").cut, undefined);
  // QNLI has no limit of its own for the question: its mask can be lost, which is an error there and here
  const lost = {
    fields: { question: `${long(200)}?`, sentence: "It is." },
    label: 0,
    where: { file: "q.tsv", line: 7 },
  };
  throwsWith(
    () => encodeExamples(taskNamed("qnli"), "masked", [lost], tokenizer, { context: 512 }),
    'q.tsv line 7, prompt: expected a mask among its first 128 tokens, got "token 203"',
  );
});

test("a prompt that is too long for a causal model is refused, or loses its beginning and is counted", () => {
  const words = wordTokenizer();
  const tokenizer: Tokenizer = {
    ...words,
    special: { unknown: null, beginning: 900, end: null, mask: null, padding: null },
    encode: (text) => [900, ...words.encode(text)],
  };
  const sst2 = taskNamed("sst2");
  const review = { fields: { sentence: "one two three four" }, label: 1, where: { file: "x.tsv", line: 3 } };
  throwsWith(
    () => encodeExamples(sst2, "causal", [review], tokenizer, { context: 5 }),
    "x.tsv line 3, prompt: expected at most 5 tokens, the model's context (maxTokens cuts longer ones), got",
  );
  // 7 tokens with the one in front, of which 4 stay: the label word is the fifth
  const whole = tokenizer.encode("one two three four It was");
  const cut = (limits: Partial<LengthLimits>) =>
    encodeExamples(sst2, "causal", [review], tokenizer, { context: 5, cutTo: 2048, ...limits });
  assert.equal([cut({}).ids, cut({}).cut], [[[900, ...whole.slice(-3)]], 1]);
  assert.equal(cut({ beginning: "dropped" }).ids, [whole.slice(-4)]);
  assert.equal(cut({ beginning: "dropped", context: 2048 }).ids, [whole]);
  assert.equal(encodeOption(tokenizer, "one two three", " four five", 4), {
    ids: [900, ...tokenizer.encode("one two three four five").slice(-3)],
    from: 2,
    cut: 2,
  });
  throwsWith(
    () => encodeOption(tokenizer, "one", " two three four", 3),
    "option: expected a prompt beside it within 3",
  );
  throwsWith(
    () => encodeOption(tokenizer, "one", "", 9),
    'option: expected at least one token after the prompt, got ""',
  );
});

test("generation is cut to the longest less the tokens to be written, with the training answer and without", () => {
  const words = wordTokenizer();
  const tokenizer: Tokenizer = {
    ...words,
    special: { unknown: null, beginning: 900, end: null, mask: null, padding: null },
    encode: (text) => [900, ...words.encode(text)],
  };
  const squad = taskNamed("squad");
  const context = Array.from({ length: 100 }, (_, i) => `w${i}`).join(" ");
  const fields = { title: "T", context, question: "Q?" };
  const example = { fields, label: 0, answers: ["in Rome"], where: { file: "x", line: 1 } };
  const prompt = tokenizer.encode(promptText(squad, "causal", example));
  const both = tokenizer.encode(`${promptText(squad, "causal", example)} in Rome\n`);
  // 50 new tokens: 30 of 80 stay
  for (const [beginning, cut] of [
    ["kept", (ids: readonly number[]) => [900, ...ids.slice(-29)]],
    ["dropped", (ids: readonly number[]) => ids.slice(-30)],
  ] as const) {
    const limits = { context: 4096, cutTo: 80, beginning };
    const [{ options }] = encodeChoices(squad, [example], tokenizer, limits).choices;
    assert.equal(options[0].ids, cut(both));
    assert.equal(options[0].ids.slice(options[0].from), both.slice(prompt.length), "the answer is whole");
    assert.equal(encodePrompts(squad, [example], tokenizer, limits).prompts, [cut(prompt)]);
  }
  throwsWith(
    () => encodePrompts(squad, [example], tokenizer, { context: 80 }, 100),
    "newTokens: expected fewer than 80, the model's context, got 100",
  );
  // options are scored, nothing is written after them: 80 of 80 stay
  const copa = taskNamed("copa");
  const choice = { fields: { premise: `${context}.`, first: "A.", second: "B.", question: "effect" }, label: 0, where };
  const [{ options }] = encodeChoices(copa, [choice], tokenizer, { context: 4096, cutTo: 80 }).choices;
  assert.equal(
    options.map(({ ids }) => ids.length),
    [80, 80],
  );
});

test("a run's cut is its protocol's: AdaZeta's tables drop the token that begins texts, all else keeps it", () => {
  const options = { seed: 0, batchSize: 1, train: 1, dev: 1, test: 1, cutTo: 2048 };
  const at = (more: Partial<ProblemOptions>) => limitsOf({ context: 4096 }, { ...options, ...more }).beginning;
  assert.equal(
    [
      at({}),
      at({ protocol: "few-shot" }),
      at({ protocol: "thousand" }),
      at({ protocol: "thousand", beginning: "kept" }),
    ],
    ["kept", "kept", "dropped", "kept"],
  );
});

test("an option that joins the prompt's last token begins at the first token that differs", () => {
  // "was" + "great" is one word to this tokenizer
  const tokenizer = wordTokenizer();
  const sst2 = taskNamed("sst2");
  if (sst2.kind !== "classification") throw new Error("a classification is expected");
  const joined = { ...sst2, causal: { ...sst2.causal!, words: ["great", " bad"] } };
  assert.equal(
    [sst2, joined].map((task) => oneTokenWords(task, "causal", tokenizer)),
    [true, false],
  );
  assert.equal(encodeOption(tokenizer, "It was", "great fun"), {
    ids: tokenizer.encode("It wasgreat fun"),
    from: 1,
    cut: 0,
  });
});

test.run();
