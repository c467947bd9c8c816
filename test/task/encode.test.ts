import { suite } from "uvu";
import * as assert from "uvu/assert";
import { batchesInOrder, encodeExamples, labelledBatch } from "../../src/task/encode";
import { lengthFilter } from "../../src/task/length-filter";
import { sst2 } from "../../src/task/defs/sst2";
import { trec } from "../../src/task/defs/trec";
import { throwsWith } from "../support/throws";
import { wordTokenizer } from "../support/word-tokenizer";

const test = suite("task/encode");
const review = (sentence: string, label: number, line: number) => ({
  fields: { sentence },
  label,
  where: { file: "reviews.tsv", line },
});
const examples = [review("good", 1, 2), review("good fun", 1, 3), review("dull", 0, 4)];

test("the worked example: prompts as ids, scored at their last token", () => {
  // "good It was" = good 0, It 1, was 2; "good fun It was" = 0, 3, 1, 2
  const encoded = encodeExamples(sst2, "causal", examples, wordTokenizer(), { context: 10 });
  assert.equal(labelledBatch(encoded, [1, 0]), {
    input: {
      ids: [
        [0, 3, 1, 2],
        [0, 1, 2],
      ],
      scored: [3, 2],
    },
    labels: [1, 1],
  });
});

test("an encoder's batch has no scored positions", () => {
  const question = { fields: { question: "Who ?" }, label: 3, where: { file: "q", line: 1 } };
  const batch = labelledBatch(encodeExamples(trec, "pooled", [question], wordTokenizer(), { context: 10 }), [0]);
  assert.equal(batch, { input: { ids: [[0, 1]] }, labels: [3] });
});

test("batches in order cover every example once, the last one short", () => {
  const batches = batchesInOrder(encodeExamples(sst2, "causal", examples, wordTokenizer(), { context: 10 }), 2);
  assert.equal(
    batches.map(({ labels }) => labels),
    [[1, 1], [0]],
  );
});

test("the length filter counts tokens of the prompt and words of the sentence", () => {
  // "good fun It was" has 4 tokens, "good It was" 3
  const kept = (limits: { maxTokens?: number; minWords?: number }) =>
    examples.filter(lengthFilter(sst2, "causal", wordTokenizer(), limits)).map(({ where }) => where.line);
  assert.equal(kept({ maxTokens: 3 }), [2, 4]);
  assert.equal(kept({ minWords: 2 }), [3]);
  assert.equal(kept({}), [2, 3, 4]);
});

test("a text longer than the context and an index out of range are errors, with file and line", () => {
  throwsWith(
    () => encodeExamples(sst2, "causal", examples, wordTokenizer(), { context: 3 }),
    'reviews.tsv line 3, prompt: expected at most 3 tokens, the model\'s context (maxTokens cuts longer ones), got "4 tokens"',
  );
  const encoded = encodeExamples(sst2, "causal", examples, wordTokenizer(), { context: 10 });
  throwsWith(() => labelledBatch(encoded, [3]), "index: expected 0..2, got 3");
  throwsWith(() => labelledBatch(encoded, [-1]), "index: expected 0..2, got -1");
});

test.run();
