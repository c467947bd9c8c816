import { lmBffInference, lmBffParaphrase } from "../prompts";
import type { ClassificationTask } from "../task";

/** What the pair tasks of the few-shot protocol have in common, beside their names, columns and files. */
type PairTask = Omit<ClassificationTask, "name" | "title" | "directories" | "hub">;
type Paraphrases = Pick<ClassificationTask, "fields" | "labels"> & {
  /** GLUE's name of the label column in the original files; `label` on the hub. */
  readonly labelColumn: string;
};

/**
 * Makes a task of premise and hypothesis: entailment, contradiction or neither, up to 256 tokens. Pairs without a majority label are left out.
 * @param premiseAtMost tokens of the premise; default all
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh; columns in src/processors.py): MNLI, SNLI.
 */
export function threeWayInference(premiseAtMost?: number): PairTask {
  return {
    ...pairs,
    fields: { premise: ["premise", "sentence1"], hypothesis: ["hypothesis", "sentence2"] },
    labels: ["entailment", "neutral", "contradiction"],
    labelColumns: ["label", "gold_label"],
    noLabel: ["-", "-1"],
    masked: {
      words: [" Yes", " Maybe", " No"],
      parts: ({ premise, hypothesis }) => lmBffInference(premise, hypothesis, premiseAtMost),
      longest: 256,
    },
  };
}

/**
 * Gives two texts that say the same, or not; judged by F1 as well.
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh; columns in src/processors.py): MRPC, QQP.
 */
export function paraphrases({ fields, labels, labelColumn }: Paraphrases): PairTask {
  return {
    ...pairs,
    fields,
    labels,
    labelColumns: ["label", labelColumn],
    masked: { words: [" No", " Yes"], parts: ({ first, second }) => lmBffParaphrase(first, second), longest: 128 },
    further: ["f1"],
  };
}

const pairs = {
  kind: "classification",
  verbatim: true,
  labelAliases: {},
  causal: null,
  pooled: null,
  metric: "accuracy",
  further: [],
  testSplit: "validation",
  samples: null,
} as const;
