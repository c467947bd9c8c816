import type { GenerationTask } from "../task";

/**
 * DROP: write the answer - a number, a date or some words - to a question that takes counting, adding or comparing in a passage. The
 * validated answers are accepted, each span by itself; texts to train on have one answer.
 * @example promptText(drop, "causal", example({ context: "They scored 7 and 3 points.", question: "How many in all?" })) // "Passage: They scored 7 and 3 points.\nQuestion: How many in all?\nAnswer:"
 * Source: princeton-nlp/MeZO@552cb1b, large_models (templates.py, DROPTemplate; tasks.py, DROPDataset; run.py: 50 new tokens).
 */
export const drop: GenerationTask = {
  kind: "generation",
  name: "drop",
  title: "DROP, answers to be worked out from a passage",
  fields: { context: ["passage"], question: ["question"] },
  verbatim: true,
  answers: ["answers_spans.spans"],
  prompt: ({ fields: { context, question } }) => `Passage: ${context}\nQuestion: ${question.trim()}\nAnswer:`,
  answer: ({ answers = [] }) => ` ${answers[0]}\n`,
  stop: "\n",
  newTokens: 50,
  metric: "token f1",
  further: ["exact match"],
  testSplit: "validation",
  directories: [
    {
      variant: "drop",
      folder: "DROP",
      format: "drop",
      files: { train: "drop_dataset_train.json", validation: "drop_dataset_dev.json" },
    },
  ],
  hub: {
    repository: "ucinlp/drop",
    configuration: "default",
    labelColumn: null,
    labelNames: [],
    splits: { train: "train", validation: "validation" },
  },
  samples: null,
};
