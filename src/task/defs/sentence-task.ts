import { lmBffSentence } from "../prompts";
import type { ClassificationTask } from "../task";
import { labelledTables } from "./files";

/** What is a corpus's own among the sentence tasks of the few-shot protocol. */
export interface SentenceCorpus {
  readonly name: string;
  readonly title: string;
  readonly labels: readonly string[];
  /** One word a class, at the mask. */
  readonly words: readonly string[];
  /** What stands before the mask, with its leading space. */
  readonly asked: string;
}

/**
 * Makes a sentence in one of two classes, as the few-shot protocol reads and stores its smaller corpora: the sentence cut to 110 tokens, tables in
 * a folder of the corpus's name. No hub copy of the protocol's files is known.
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh): MR, CR, MPQA, Subj.
 */
export function sentenceTask({ name, title, labels, words, asked }: SentenceCorpus): ClassificationTask {
  return {
    kind: "classification",
    name,
    title,
    fields: { sentence: ["text", "sentence"] },
    labels,
    labelAliases: {},
    masked: { words, parts: ({ sentence }) => lmBffSentence(sentence, asked, 110), longest: 128 },
    causal: null,
    pooled: { text: ({ sentence }) => sentence },
    metric: "accuracy",
    further: [],
    testSplit: "test",
    directories: [labelledTables(name)],
    hub: null,
    samples: null,
  };
}
