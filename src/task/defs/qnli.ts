import { lmBffInference } from "../prompts";
import type { ClassificationTask } from "../task";
import { glueHub, glueTables } from "./files";

/**
 * QNLI: does the sentence hold the answer to the question? Prompt and words as RTE's, up to 128 tokens.
 * @example promptText(qnli, "masked", example({ question: "Who wrote it?", sentence: "It was written by Ada." })) // "<s>Who wrote it?<mask>, it was written by Ada.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh).
 */
export const qnli: ClassificationTask = {
  kind: "classification",
  name: "qnli",
  title: "QNLI, does a sentence answer a question",
  fields: { question: ["question"], sentence: ["sentence"] },
  verbatim: true,
  labels: ["entailment", "not_entailment"],
  labelAliases: {},
  masked: {
    words: [" Yes", " No"],
    parts: ({ question, sentence }) => lmBffInference(question, sentence),
    longest: 128,
  },
  causal: null,
  pooled: null,
  metric: "accuracy",
  further: [],
  testSplit: "validation",
  directories: [
    glueTables("QNLI"),
    {
      variant: "development cut in two",
      folder: "QNLI",
      format: "tsv",
      files: { train: "dev.tsv" },
      gap: {
        kind: "cut",
        field: "sentence",
        notice:
          "QNLI: no train split here; every third sentence of the development set is kept for the test, the others are train",
      },
    },
  ],
  hub: glueHub("qnli", ["entailment", "not_entailment"]),
  samples: null,
};
