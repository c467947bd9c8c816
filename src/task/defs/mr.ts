import { sentenceTask } from "./sentence-task";

/**
 * MR: is a film review's sentence positive? Prompt and words as SST-2's, sentences cut to 110 tokens.
 * @example promptText(mr, "masked", example({ sentence: "simplistic , silly and tedious ." })) // "<s>simplistic , silly and tedious . It was<mask>.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh).
 */
export const mr = sentenceTask({
  name: "mr",
  title: "MR, sentiment of film reviews' sentences",
  labels: ["negative", "positive"],
  words: [" terrible", " great"],
  asked: " It was",
});
