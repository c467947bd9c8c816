import { lmBffSentence } from "../prompts";
import type { ClassificationTask } from "../task";
import { glueHub, glueTables } from "./files";

/**
 * CoLA: is a sentence good English? GLUE's files have no header: source, label, star, sentence.
 * @example promptText(cola, "masked", example({ sentence: "They drank the pub dry." })) // "<s>They drank the pub dry. This is<mask>.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh; columns in src/processors.py).
 */
export const cola: ClassificationTask = {
  kind: "classification",
  name: "cola",
  title: "CoLA, acceptable sentences",
  fields: { sentence: ["sentence"] },
  labels: ["unacceptable", "acceptable"],
  labelAliases: { incorrect: 0, correct: 1 },
  masked: {
    words: [" incorrect", " correct"],
    parts: ({ sentence }) => lmBffSentence(sentence, " This is"),
    longest: 128,
  },
  causal: null,
  pooled: { text: ({ sentence }) => sentence },
  metric: "accuracy",
  further: ["matthews"],
  testSplit: "validation",
  directories: [glueTables("CoLA", { columns: ["source", "label", "star", "sentence"] })],
  hub: glueHub("cola", ["unacceptable", "acceptable"]),
  samples: null,
};
