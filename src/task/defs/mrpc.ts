import { lmBffParaphrase } from "../prompts";
import type { ClassificationTask } from "../task";
import { glueHub, glueTables } from "./files";

/**
 * MRPC: do two sentences of news say the same?
 * @example promptText(mrpc, "masked", pair) // "<s>Shares fell by 2 percent.<mask>, the stock lost 2 percent.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh; columns in src/processors.py).
 */
export const mrpc: ClassificationTask = {
  kind: "classification",
  name: "mrpc",
  title: "MRPC, paraphrases in news",
  fields: { first: ["sentence1", "#1 String"], second: ["sentence2", "#2 String"] },
  verbatim: true,
  labels: ["not_equivalent", "equivalent"],
  labelAliases: {},
  labelColumns: ["label", "Quality"],
  masked: { words: [" No", " Yes"], parts: ({ first, second }) => lmBffParaphrase(first, second), longest: 128 },
  causal: null,
  pooled: null,
  metric: "accuracy",
  further: ["f1"],
  testSplit: "validation",
  directories: [glueTables("MRPC")],
  hub: glueHub("mrpc", ["not_equivalent", "equivalent"]),
  samples: null,
};
