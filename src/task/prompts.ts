import type { PromptPart } from "../text/prompt";

/** The beginning of a text, its end, and the place that the model is asked about. */
export const begin: PromptPart = { special: "beginning" };
export const end: PromptPart = { special: "end" };
export const mask: PromptPart = { special: "mask" };

/** Makes a text of which at most so many tokens are taken; without a number all of it. */
export function capped(text: string, atMost?: number): PromptPart {
  return atMost === undefined ? text : { text, atMost };
}

/**
 * Makes `<s>S1 It was<mask>.</s>`: the prompt of one sentence.
 * @param asked what stands before the mask, with its leading space
 * Source: princeton-nlp/MeZO@552cb1b, medium_models, run_fewshot.sh: SST-2, SST-5, MR, CR, MPQA, CoLA, Subj.
 */
export function lmBffSentence(sentence: string, asked: string, atMost?: number): readonly PromptPart[] {
  return [begin, capped(sentence, atMost), asked, mask, ".", end];
}

/**
 * Makes `<s>S1?<mask>, s2</s>`: the prompt of two sentences, the first without its last character (its own mark) and the second with its
 * first letter in lower case.
 * Source: princeton-nlp/MeZO@552cb1b, medium_models, run_fewshot.sh: MNLI, SNLI, QNLI, RTE; `sent-_0` in src/dataset.py.
 */
export function lmBffInference(first: string, second: string, atMost?: number): readonly PromptPart[] {
  return [begin, capped([...first].slice(0, -1).join(""), atMost), "?", mask, ",", ` ${lowerFirst(second)}`, end];
}

/**
 * Makes `<s>S1<mask>, s2</s>`: do the two say the same?
 * Source: princeton-nlp/MeZO@552cb1b, medium_models, run_fewshot.sh: QQP, MRPC.
 */
export function lmBffParaphrase(first: string, second: string): readonly PromptPart[] {
  return [begin, first, mask, ",", ` ${lowerFirst(second)}`, end];
}

/** Gives the text with its first letter in lower case. */
export function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
