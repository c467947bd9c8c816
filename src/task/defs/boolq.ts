import type { ClassificationTask } from "../task";
import { superGlueHub, superGlueLines } from "./files";

/**
 * BoolQ: a passage and a yes-or-no question about it. The question begins with a capital and ends with a question mark.
 * @example promptText(boolq, "causal", tides) // "Tides -- The sea rises twice a day. Does the sea rise?\n"
 * Source: princeton-nlp/MeZO@552cb1b, large_models (templates.py, BoolQTemplateV3).
 */
export const boolq: ClassificationTask = {
  kind: "classification",
  name: "boolq",
  title: "BoolQ, questions to answer with yes or no",
  fields: { passage: ["passage"], question: ["question"] },
  verbatim: true,
  labels: ["no", "yes"],
  labelAliases: { false: 0, true: 1 },
  masked: null,
  causal: { words: ["No", "Yes"], prompt: ({ passage, question }) => `${passage} ${asked(question)}\n` },
  pooled: null,
  metric: "accuracy",
  further: [],
  testSplit: "validation",
  directories: [
    superGlueLines("BoolQ"),
    {
      variant: "validation cut in two",
      folder: "BoolQ",
      format: "json lines",
      files: { train: "val.jsonl" },
      gap: {
        kind: "cut",
        field: "passage",
        notice:
          "BoolQ: no train split here; every third passage of the validation set is kept for the test, the others are train",
      },
    },
    {
      variant: "fewglue32",
      folder: "BoolQ",
      format: "json lines",
      files: { train: "fewglue32.train.jsonl", validation: "val.jsonl" },
      gap: { kind: "smaller", field: "passage", notice: "BoolQ: FewGLUE's 32 questions to train on" },
    },
  ],
  hub: superGlueHub("boolq", ["False", "True"]),
  samples: null,
};

function asked(question: string): string {
  const ended = question.endsWith("?") ? question : `${question}?`;
  return ended.slice(0, 1).toUpperCase() + ended.slice(1);
}
