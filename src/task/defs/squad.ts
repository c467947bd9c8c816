import type { GenerationTask } from "../task";

/**
 * SQuAD: write the answer to a question about a paragraph. Decoding is greedy, ends at a line end, and is judged by the words that it
 * shares with one of the accepted answers.
 * @example promptText(squad, "causal", example({ title: "Normans", context: "They gave their name to it.", question: "In what country is Normandy located?" })) // "Title: Normans\nContext: They gave their name to it.\nQuestion: In what country is Normandy located?\nAnswer:"
 * Source: princeton-nlp/MeZO@552cb1b, large_models (templates.py, SQuADv2Template; tasks.py, SQuADDataset; run.py: 50 new tokens).
 */
export const squad: GenerationTask = {
  kind: "generation",
  name: "squad",
  title: "SQuAD, answers found in a paragraph",
  fields: { title: ["title"], context: ["context"], question: ["question"] },
  verbatim: true,
  answers: ["answers.text", "answers"],
  prompt: ({ fields: { title, context, question } }) =>
    `Title: ${title}\nContext: ${context}\nQuestion: ${question.trim()}\nAnswer:`,
  answer: ({ answers = [] }) => ` ${answers[0]}\n`,
  stop: "\n",
  newTokens: 50,
  metric: "token f1",
  further: ["exact match"],
  testSplit: "validation",
  directories: [
    {
      variant: "squad 1.1",
      folder: "SQuAD",
      format: "squad",
      files: { train: "train-v1.1.json", validation: "dev-v1.1.json" },
    },
    {
      variant: "half of squad 2.0's development set, xquad",
      folder: "SQuAD",
      format: "squad",
      files: { train: "squad2-half-dev.json", validation: "xquad.en.json" },
      gap: {
        kind: "disjoint",
        field: "context",
        notice:
          "SQuAD: trained on the answerable questions of half of SQuAD 2.0's development set, tested on XQuAD's English ones",
      },
    },
  ],
  hub: {
    repository: "rajpurkar/squad",
    configuration: "plain_text",
    labelColumn: null,
    labelNames: [],
    splits: { train: "train", validation: "validation" },
  },
  samples: null,
};
