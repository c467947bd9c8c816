import type { Task } from "./task";

/**
 * SST-2: is a film review's phrase positive? A language model reads `{sentence} It was` and is scored on the words " terrible" and
 * " great" at the prompt's last token. The phrase-level GLUE files come first, the sentence-level `stsa.binary.*` second.
 * @example sst2.prompt({ sentence: "a gripping film ." }) // "a gripping film . It was"
 * Source: princeton-nlp/MeZO `large_models` templates, the same in AdaZeta's; GLUE's validation split is what is reported on.
 */
export const sst2: Task = {
  name: "sst2",
  title: "SST-2, sentiment of film reviews",
  fields: { sentence: ["sentence", "content", "text"] },
  labels: ["negative", "positive"],
  labelAliases: { terrible: 0, great: 1 },
  labelWords: [" terrible", " great"],
  prompt: ({ sentence }) => `${sentence} It was`,
  scored: "last token",
  metric: "accuracy",
  testSplit: "validation",
  directories: [
    {
      variant: "phrases",
      folder: "SST-2",
      format: "table",
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
    splits: ["train", "validation"],
  },
  samples: "reviews.tsv",
};
