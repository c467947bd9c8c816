import { lmBffInference } from "../prompts";
import type { ClassificationTask } from "../task";

/**
 * MNLI: does the premise entail the hypothesis, contradict it, or neither? Up to 256 tokens, the premise cut to 240. Reported on the
 * matched development set; `mnliMismatched` has the other one.
 * @example promptText(mnli, "masked", pair) // "<s>He slept all day?<mask>, he was awake at noon.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh; columns in src/processors.py).
 */
export const mnli: ClassificationTask = {
  kind: "classification",
  name: "mnli",
  title: "MNLI, inference between sentences of many genres (matched)",
  fields: { premise: ["premise", "sentence1"], hypothesis: ["hypothesis", "sentence2"] },
  verbatim: true,
  labels: ["entailment", "neutral", "contradiction"],
  labelAliases: {},
  labelColumns: ["label", "gold_label"],
  noLabel: ["-", "-1"],
  masked: {
    words: [" Yes", " Maybe", " No"],
    parts: ({ premise, hypothesis }) => lmBffInference(premise, hypothesis, 240),
    longest: 256,
  },
  causal: null,
  pooled: null,
  metric: "accuracy",
  further: [],
  testSplit: "validation",
  directories: [
    { variant: "glue", folder: "MNLI", format: "tsv", files: { train: "train.tsv", validation: "dev_matched.tsv" } },
  ],
  hub: {
    repository: "nyu-mll/glue",
    configuration: "mnli",
    labelColumn: "label",
    labelNames: ["entailment", "neutral", "contradiction"],
    splits: { train: "train", validation: "validation_matched" },
  },
  samples: null,
};

/** MNLI, reported on the development set of genres that are not in train. */
export const mnliMismatched: ClassificationTask = {
  ...mnli,
  name: "mnli-mm",
  title: "MNLI, inference between sentences of many genres (mismatched)",
  directories: mnli.directories.map((source) => ({
    ...source,
    files: { ...source.files, validation: "dev_mismatched.tsv" },
  })),
  hub: mnli.hub && { ...mnli.hub, splits: { train: "train", validation: "validation_mismatched" } },
};
