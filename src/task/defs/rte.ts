import { lmBffInference } from "../prompts";
import type { ClassificationTask } from "../task";
import { glueTables, superGlueHub, superGlueLines } from "./files";

/**
 * RTE: does the premise entail the hypothesis? Masked: up to 256 tokens, the premise cut to 240.
 * @example promptText(rte, "causal", example({ premise: "It rained.", hypothesis: "It was wet." })) // 'It rained.\nDoes this mean that "It was wet." is true? Yes or No?\n'
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh) and large_models (templates.py, RTETemplate).
 */
export const rte: ClassificationTask = {
  kind: "classification",
  name: "rte",
  title: "RTE, does one text entail another",
  fields: { premise: ["premise", "sentence1"], hypothesis: ["hypothesis", "sentence2"] },
  verbatim: true,
  labels: ["entailment", "not_entailment"],
  labelAliases: {},
  masked: {
    words: [" Yes", " No"],
    parts: ({ premise, hypothesis }) => lmBffInference(premise, hypothesis, 240),
    longest: 256,
  },
  causal: {
    words: ["Yes", "No"],
    prompt: ({ premise, hypothesis }) => `${premise}\nDoes this mean that "${hypothesis}" is true? Yes or No?\n`,
  },
  pooled: null,
  metric: "accuracy",
  further: [],
  testSplit: "validation",
  directories: [superGlueLines("RTE"), glueTables("RTE")],
  hub: superGlueHub("rte", ["entailment", "not_entailment"]),
  samples: null,
};
