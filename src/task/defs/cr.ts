import { lmBffSentence } from "../prompts";
import type { ClassificationTask } from "../task";
import { labelledTables } from "./files";

/**
 * CR: is a customer's review of a product positive? Prompt and words as SST-2's, sentences cut to 110 tokens.
 * @example promptText(cr, "masked", camera) // "<s>i love this camera . It was<mask>.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh).
 */
export const cr: ClassificationTask = {
  kind: "classification",
  name: "cr",
  title: "CR, sentiment of customer reviews",
  fields: { sentence: ["text", "sentence"] },
  labels: ["negative", "positive"],
  labelAliases: {},
  masked: {
    words: [" terrible", " great"],
    parts: ({ sentence }) => lmBffSentence(sentence, " It was", 110),
    longest: 128,
  },
  causal: null,
  pooled: { text: ({ sentence }) => sentence },
  metric: "accuracy",
  further: [],
  testSplit: "test",
  directories: [labelledTables("cr")],
  hub: null,
  samples: null,
};
