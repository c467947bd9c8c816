import { sentenceTask } from "./sentence-task";

/**
 * MPQA: is a phrase of opinion positive? Prompt and words as SST-2's, phrases cut to 110 tokens.
 * @example promptText(mpqa, "masked", example({ sentence: "complaining" })) // "<s>complaining It was<mask>.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh).
 */
export const mpqa = sentenceTask({
  name: "mpqa",
  title: "MPQA, polarity of opinions",
  labels: ["negative", "positive"],
  words: [" terrible", " great"],
  asked: " It was",
});
