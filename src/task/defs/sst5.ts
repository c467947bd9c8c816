import { lmBffSentence } from "../prompts";
import type { ClassificationTask } from "../task";
import { labelledTables } from "./files";

/**
 * SST-5: how positive is a film review's sentence, in five steps? Prompt as SST-2's, sentences cut to 110 tokens.
 * @example promptText(sst5, "masked", example({ sentence: "flat , but with a revelatory performance ." })) // "<s>flat , but with a revelatory performance . It was<mask>.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh). The causal prompt is ours, on the pattern of SST-2's.
 */
export const sst5: ClassificationTask = {
  kind: "classification",
  name: "sst5",
  title: "SST-5, sentiment of film reviews in five steps",
  fields: { sentence: ["text", "sentence", "content"] },
  labels: ["very negative", "negative", "neutral", "positive", "very positive"],
  labelAliases: { terrible: 0, bad: 1, okay: 2, good: 3, great: 4 },
  masked: {
    words: [" terrible", " bad", " okay", " good", " great"],
    parts: ({ sentence }) => lmBffSentence(sentence, " It was", 110),
    longest: 128,
  },
  causal: {
    words: [" terrible", " bad", " okay", " good", " great"],
    prompt: ({ sentence }) => `${sentence} It was`,
  },
  pooled: { text: ({ sentence }) => sentence },
  metric: "accuracy",
  further: ["macro f1"],
  testSplit: "test",
  directories: [
    {
      variant: "sentences",
      folder: "SST-5",
      format: "labelled lines",
      files: { train: "stsa.fine.train", validation: "stsa.fine.dev", test: "stsa.fine.test" },
    },
    labelledTables("sst-5"),
  ],
  hub: {
    repository: "SetFit/sst5",
    configuration: "default",
    labelColumn: "label",
    labelNames: ["very negative", "negative", "neutral", "positive", "very positive"],
    splits: { train: "train", validation: "validation", test: "test" },
  },
  samples: null,
};
