import { begin, capped, end, mask } from "../prompts";
import type { ClassificationTask } from "../task";

/**
 * TREC question classification: what kind of answer does a question ask for? Six classes. Masked: `<mask>: S1`, with the question
 * cut to 110 tokens; to be continued: `S1 Type:`; an encoder reads the question as it is and its pooled vector is scored against one prototype per class.
 * @example promptText(trec, "masked", example({ question: "Who was Galileo ?" })) // "<s><mask>: Who was Galileo ?</s>"
 * Source: template and words: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh); the causal prompt is ours. Class numbers as in the files of
 * harvardnlp/sent-conv-torch, which the few-shot protocols use; the hub's dataset `CogComp/trec` numbers them otherwise (ABBR, ENTY,
 * DESC, HUM, LOC, NUM), so hub labels are mapped by name.
 */
export const trec: ClassificationTask = {
  kind: "classification",
  name: "trec",
  title: "TREC, what kind of answer a question asks for",
  fields: { question: ["question", "text", "content", "sentence"] },
  labels: ["Description", "Entity", "Abbreviation", "Human", "Location", "Number"],
  labelAliases: { desc: 0, enty: 1, abbr: 2, expression: 2, "abbreviation/expression": 2, hum: 3, loc: 4, num: 5 },
  masked: {
    words: [" Description", " Entity", " Expression", " Human", " Location", " Number"],
    parts: ({ question }) => [begin, mask, ":", capped(` ${question}`, 110), end],
    longest: 128,
  },
  causal: {
    words: [" Description", " Entity", " Expression", " Human", " Location", " Number"],
    prompt: ({ question }) => `${question} Type:`,
  },
  pooled: { text: ({ question }) => question },
  metric: "accuracy",
  further: [],
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
    splits: { train: "train", test: "test" },
  },
  samples: "questions.tsv",
};
