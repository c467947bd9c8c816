import { sentenceTask } from "./sentence-task";

/**
 * Subj: does a sentence give an opinion or a fact? Sentences cut to 110 tokens.
 * @example promptText(subj, "masked", example({ sentence: "a thief meets a writer ." })) // "<s>a thief meets a writer . This is<mask>.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh).
 */
export const subj = sentenceTask({
  name: "subj",
  title: "Subj, opinion or fact",
  labels: ["subjective", "objective"],
  words: [" subjective", " objective"],
  asked: " This is",
});
