import { lmBffSentence } from "../prompts";
import type { ClassificationTask } from "../task";
import { labelledTables } from "./files";

/**
 * MPQA: is a phrase of opinion positive? Prompt and words as SST-2's, phrases cut to 110 tokens.
 * @example promptText(mpqa, "masked", complaining) // "<s>complaining It was<mask>.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh).
 */
export const mpqa: ClassificationTask = {
  kind: "classification",
  name: "mpqa",
  title: "MPQA, polarity of opinions",
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
  directories: [labelledTables("mpqa")],
  hub: null,
  samples: null,
};
