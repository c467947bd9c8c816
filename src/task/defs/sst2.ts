import { lmBffSentence } from "../prompts";
import type { ClassificationTask } from "../task";

/**
 * SST-2: is a film review's phrase positive? Masked: `S1 It was<mask>.`; causal: `{sentence} It was`; both are scored on " terrible"
 * and " great". The phrase-level GLUE files come first, the sentence-level `stsa.binary.*` second.
 * @example promptText(sst2, "causal", example({ sentence: "a gripping film ." })) // "a gripping film . It was"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh) and large_models (templates), the same in AdaZeta's; GLUE's
 * validation split is what is reported on. Departs: white space around a sentence is removed before the masked prompt too; there
 * GLUE's space at the end of a sentence stays, as a token of its own.
 */
export const sst2: ClassificationTask = {
  kind: "classification",
  name: "sst2",
  title: "SST-2, sentiment of film reviews",
  fields: { sentence: ["sentence", "content", "text"] },
  labels: ["negative", "positive"],
  labelAliases: { terrible: 0, great: 1 },
  masked: {
    words: [" terrible", " great"],
    parts: ({ sentence }) => lmBffSentence(sentence, " It was"),
    longest: 128,
  },
  causal: { words: [" terrible", " great"], prompt: ({ sentence }) => `${sentence} It was` },
  pooled: { text: ({ sentence }) => sentence },
  metric: "accuracy",
  further: [],
  testSplit: "validation",
  directories: [
    {
      variant: "phrases",
      folder: "SST-2",
      format: "tsv",
      files: { train: "train.tsv", validation: "dev.tsv", test: "test.tsv" },
    },
    {
      variant: "sentences",
      folder: "SST-2",
      format: "labelled lines",
      files: { train: "stsa.binary.train", validation: "stsa.binary.dev", test: "stsa.binary.test" },
    },
  ],
  hub: {
    repository: "nyu-mll/glue",
    configuration: "sst2",
    labelColumn: "label",
    labelNames: ["negative", "positive"],
    splits: { train: "train", validation: "validation" },
  },
  samples: "reviews.tsv",
};
