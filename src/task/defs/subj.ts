import { lmBffSentence } from "../prompts";
import type { ClassificationTask } from "../task";
import { labelledTables } from "./files";

/**
 * Subj: does a sentence give an opinion or a fact? Sentences cut to 110 tokens.
 * @example promptText(subj, "masked", plot) // "<s>a thief meets a writer . This is<mask>.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh).
 */
export const subj: ClassificationTask = {
  kind: "classification",
  name: "subj",
  title: "Subj, opinion or fact",
  fields: { sentence: ["text", "sentence"] },
  labels: ["subjective", "objective"],
  labelAliases: {},
  masked: {
    words: [" subjective", " objective"],
    parts: ({ sentence }) => lmBffSentence(sentence, " This is", 110),
    longest: 128,
  },
  causal: null,
  pooled: { text: ({ sentence }) => sentence },
  metric: "accuracy",
  further: [],
  testSplit: "test",
  directories: [labelledTables("subj")],
  hub: null,
  samples: null,
};
