import type { Task } from "./task";

/**
 * TREC question classification: what kind of answer does a question ask for? Six classes. An encoder reads the question as it is
 * and its pooled vector is scored against one prototype per class.
 * @example trec.prompt({ question: "Who was Galileo ?" }) // "Who was Galileo ?"
 * Source: class numbers as in the files of harvardnlp/sent-conv-torch, which the few-shot protocols use; the hub's dataset
 * `CogComp/trec` numbers them otherwise (ABBR, ENTY, DESC, HUM, LOC, NUM), so hub labels are mapped by name.
 */
export const trec: Task = {
  name: "trec",
  title: "TREC, what kind of answer a question asks for",
  fields: { question: ["question", "text", "content", "sentence"] },
  labels: ["Description", "Entity", "Abbreviation", "Human", "Location", "Number"],
  labelAliases: { desc: 0, enty: 1, abbr: 2, expression: 2, "abbreviation/expression": 2, hum: 3, loc: 4, num: 5 },
  labelWords: null,
  prompt: ({ question }) => `${question}`,
  scored: "mean of tokens",
  metric: "accuracy",
  testSplit: "test",
  directories: [
    {
      variant: "questions",
      folder: "TREC",
      format: "labelled lines",
      files: { train: "TREC.train.all", test: "TREC.test.all" },
    },
  ],
  hub: {
    repository: "CogComp/trec",
    configuration: "default",
    labelColumn: "coarse_label",
    labelNames: ["ABBR", "ENTY", "DESC", "HUM", "LOC", "NUM"],
    splits: ["train", "test"],
  },
  samples: "questions.tsv",
};
