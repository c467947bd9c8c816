import type { ClassificationTask } from "../task";
import { glueHub, glueTables } from "./files";
import { paraphrases } from "./pair-tasks";

/**
 * QQP: do two questions ask the same?
 * @example promptText(qqp, "masked", example({ first: "How old is she?", second: "What is her age?" })) // "<s>How old is she?<mask>, what is her age?</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh; src/processors.py leaves out lines that are too short).
 */
export const qqp: ClassificationTask = {
  ...paraphrases({
    fields: { first: ["question1"], second: ["question2"] },
    labels: ["not_duplicate", "duplicate"],
    labelColumn: "is_duplicate",
  }),
  name: "qqp",
  title: "QQP, duplicate questions",
  directories: [glueTables("QQP", { skipShortLines: true })],
  hub: glueHub("qqp", ["not_duplicate", "duplicate"]),
};
