import { lmBffSentence } from "../prompts";
import type { ClassificationTask } from "../task";
import { labelledTables } from "./files";

/**
 * MR: is a film review's sentence positive? Prompt and words as SST-2's, sentences cut to 110 tokens.
 * @example promptText(mr, "masked", dull) // "<s>simplistic , silly and tedious . It was<mask>.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh).
 */
export const mr: ClassificationTask = {
  kind: "classification",
  name: "mr",
  title: "MR, sentiment of film reviews' sentences",
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
  directories: [labelledTables("mr")],
  hub: null,
  samples: null,
};
