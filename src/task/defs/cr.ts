import { sentenceTask } from "./sentence-task";

/**
 * CR: is a customer's review of a product positive? Prompt and words as SST-2's, sentences cut to 110 tokens.
 * @example promptText(cr, "masked", example({ sentence: "i love this camera ." })) // "<s>i love this camera . It was<mask>.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh).
 */
export const cr = sentenceTask({
  name: "cr",
  title: "CR, sentiment of customer reviews",
  labels: ["negative", "positive"],
  words: [" terrible", " great"],
  asked: " It was",
});
