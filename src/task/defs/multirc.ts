import type { ClassificationTask } from "../task";
import { superGlueHub, superGlueLines } from "./files";

/**
 * MultiRC: is this one of the right answers to a question about a paragraph? Each answer is an example; SuperGLUE's metrics judge the
 * answers of a question together, so an example's group is its paragraph and question.
 * @example promptText(multirc, "causal", example({ paragraph: "It rained.", question: "Was it wet?", answer: "Yes" })) // 'It rained.\nQuestion: Was it wet?\nI found this answer "Yes". Is that correct? Yes or No?\n'
 * Source: princeton-nlp/MeZO@552cb1b, large_models (templates.py, MultiRCTemplate).
 */
export const multirc: ClassificationTask = {
  kind: "classification",
  name: "multirc",
  title: "MultiRC, questions with several right answers",
  fields: { paragraph: ["paragraph"], question: ["question"], answer: ["answer"] },
  group: [["idx.paragraph"], ["idx.question"]],
  verbatim: true,
  mayBeEmpty: ["answer"],
  labels: ["no", "yes"],
  labelAliases: { false: 0, true: 1 },
  masked: null,
  causal: {
    words: ["No", "Yes"],
    prompt: ({ paragraph, question, answer }) =>
      `${paragraph}\nQuestion: ${question}\nI found this answer "${answer}". Is that correct? Yes or No?\n`,
  },
  pooled: null,
  metric: "accuracy",
  further: ["answer f1", "question exact match"],
  testSplit: "validation",
  directories: [
    superGlueLines("MultiRC", "multirc lines"),
    {
      variant: "fewglue32",
      folder: "MultiRC",
      format: "multirc lines",
      files: { train: "fewglue32.train.jsonl", validation: "fewglue32.dev32.jsonl" },
      gap: {
        kind: "smaller",
        field: "paragraph",
        notice: "MultiRC: FewGLUE's 32 questions to train on and 32 to test on",
      },
    },
  ],
  hub: superGlueHub("multirc", ["False", "True"]),
  samples: null,
};
