import { fail, positiveInteger } from "../check/check";
import type { Tokenizer } from "../text/tokenizer";
import type { LabelledBatch } from "./classifier";
import { place } from "./read-text";
import type { Example, Task } from "./task";

/** Examples as token ids, ready to be put into batches. */
export interface EncodedExamples {
  readonly ids: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly scored: Task["scored"];
}

/**
 * Token ids of each example's prompt.
 * @param context the model's longest text, in tokens
 * @throws when a prompt has no tokens or more than `context`, with file and line
 */
export function encodeExamples(
  task: Task,
  examples: readonly Example[],
  tokenizer: Tokenizer,
  context: number,
): EncodedExamples {
  positiveInteger("context", context);
  const ids = examples.map(({ fields, where }) => {
    const found = tokenizer.encode(task.prompt(fields));
    if (found.length === 0) fail(`${place(where)}, prompt`, "at least one token", task.prompt(fields));
    if (found.length > context)
      fail(`${place(where)}, prompt`, `at most ${context} tokens, the model's context`, `${found.length} tokens`);
    return found;
  });
  return { ids, labels: examples.map(({ label }) => label), scored: task.scored };
}

/**
 * The batch of the examples at these indices. A language model is scored at each prompt's last token, where the label word follows.
 * @throws when an index is not an example's
 */
export function labelledBatch(encoded: EncodedExamples, indices: readonly number[]): LabelledBatch {
  const at = <T>(values: readonly T[], i: number): T =>
    i in values ? values[i] : fail("index", `0..${values.length - 1}`, i);
  const ids = indices.map((i) => at(encoded.ids, i));
  const labels = indices.map((i) => at(encoded.labels, i));
  switch (encoded.scored) {
    case "last token":
      return { input: { ids, scored: ids.map((text) => text.length - 1) }, labels };
    case "mean of tokens":
      return { input: { ids }, labels };
  }
}

/** All examples in their order, in batches of `batchSize`, the last one shorter where it must be: for evaluation. */
export function batchesInOrder(encoded: EncodedExamples, batchSize: number): readonly LabelledBatch[] {
  const { length } = encoded.ids;
  const starts = Array.from(
    { length: Math.ceil(length / positiveInteger("batchSize", batchSize)) },
    (_, i) => i * batchSize,
  );
  return starts.map((start) =>
    labelledBatch(
      encoded,
      Array.from({ length: Math.min(batchSize, length - start) }, (_, i) => start + i),
    ),
  );
}
