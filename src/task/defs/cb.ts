import type { ClassificationTask } from "../task";
import { superGlueHub, superGlueLines } from "./files";

/**
 * CB: is the speaker of a short discourse committed to a clause in it?
 * @example promptText(cb, "causal", example({ premise: "It rained.", hypothesis: "it was wet" })) // 'Suppose It rained. Can we infer that "it was wet"? Yes, No, or Maybe?\n'
 * Source: princeton-nlp/MeZO@552cb1b, large_models (templates.py, CBTemplate); its runs take 100 texts for dev.
 */
export const cb: ClassificationTask = {
  kind: "classification",
  name: "cb",
  title: "CB, what a speaker is committed to",
  fields: { premise: ["premise"], hypothesis: ["hypothesis"] },
  verbatim: true,
  labels: ["entailment", "contradiction", "neutral"],
  labelAliases: {},
  masked: null,
  causal: {
    words: ["Yes", "No", "Maybe"],
    prompt: ({ premise, hypothesis }) => `Suppose ${premise} Can we infer that "${hypothesis}"? Yes, No, or Maybe?\n`,
  },
  pooled: null,
  metric: "accuracy",
  further: ["macro f1"],
  testSplit: "validation",
  dev: 100,
  directories: [superGlueLines("CB")],
  hub: superGlueHub("cb", ["entailment", "contradiction", "neutral"]),
  samples: null,
};
