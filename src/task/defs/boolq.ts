import type { DirectorySource } from "../source";
import type { ClassificationTask } from "../task";
import { superGlueHub, superGlueLines } from "./files";

/** What both forms of BoolQ share. */
const common: Omit<ClassificationTask, "name" | "title" | "directories" | "hub"> = {
  kind: "classification",
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
  samples: null,
};

/**
 * BoolQ: a passage and a yes-or-no question about it. The question begins with a capital and ends with a question mark. Passages have
 * no title in front, as in the data set that the reference reads; SuperGLUE's files lose theirs.
 * @example promptText(boolq, "causal", example({ passage: "The sea rises twice a day.", question: "does the sea rise" })) // "The sea rises twice a day. Does the sea rise?\n"
 * Source: princeton-nlp/MeZO@552cb1b, large_models (templates.py, BoolQTemplateV3; tasks.py loads the data set boolq, not SuperGLUE's).
 */
export const boolq: ClassificationTask = {
  ...common,
  name: "boolq",
  title: "BoolQ, questions to answer with yes or no",
  labelColumns: ["label", "answer"],
  directories: [
    ...superGlueBoolq("boolq lines"),
    {
      variant: "boolq",
      folder: "BoolQ",
      format: "json lines",
      files: { train: "train.jsonl", validation: "dev.jsonl" },
    },
  ],
  hub: { ...superGlueHub("default", ["False", "True"]), repository: "google/boolq", labelColumn: "answer" },
};

/**
 * BoolQ as SuperGLUE has it: each passage begins with its title.
 * @example promptText(boolqTitled, "causal", example({ passage: "Tide -- The sea rises twice a day.", question: "does the sea rise" })) // "Tide -- The sea rises twice a day. Does the sea rise?\n"
 * Source: as `boolq`; the titles are SuperGLUE's.
 */
export const boolqTitled: ClassificationTask = {
  ...common,
  name: "boolq-titled",
  title: "BoolQ with SuperGLUE's titles before the passages",
  directories: superGlueBoolq("json lines"),
  hub: superGlueHub("boolq", ["False", "True"]),
};

/** SuperGLUE's files, and what there is of them where they are not complete. */
function superGlueBoolq(format: DirectorySource["format"]): readonly DirectorySource[] {
  return [
    superGlueLines("BoolQ", format),
    {
      variant: "validation cut in two",
      folder: "BoolQ",
      format,
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
      format,
      files: { train: "fewglue32.train.jsonl", validation: "val.jsonl" },
      gap: { kind: "smaller", field: "passage", notice: "BoolQ: FewGLUE's 32 questions to train on" },
    },
  ];
}

function asked(question: string): string {
  const ended = question.endsWith("?") ? question : `${question}?`;
  return ended.slice(0, 1).toUpperCase() + ended.slice(1);
}
