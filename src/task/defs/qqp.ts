import { lmBffParaphrase } from "../prompts";
import type { ClassificationTask } from "../task";
import { glueHub, glueTables } from "./files";

/**
 * QQP: do two questions ask the same?
 * @example promptText(qqp, "masked", pair) // "<s>How old is she?<mask>, what is her age?</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh; src/processors.py leaves out lines that are too short).
 */
export const qqp: ClassificationTask = {
  kind: "classification",
  name: "qqp",
  title: "QQP, duplicate questions",
  fields: { first: ["question1"], second: ["question2"] },
  verbatim: true,
  labels: ["not_duplicate", "duplicate"],
  labelAliases: {},
  labelColumns: ["label", "is_duplicate"],
  masked: { words: [" No", " Yes"], parts: ({ first, second }) => lmBffParaphrase(first, second), longest: 128 },
  causal: null,
  pooled: null,
  metric: "accuracy",
  further: ["f1"],
  testSplit: "validation",
  directories: [glueTables("QQP", { skipShortLines: true })],
  hub: glueHub("qqp", ["not_duplicate", "duplicate"]),
  samples: null,
};
