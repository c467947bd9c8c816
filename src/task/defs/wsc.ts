import type { ClassificationTask } from "../task";
import { superGlueHub, superGlueLines } from "./files";

/**
 * WSC: does a pronoun refer to a name? The pronoun is asked for in lower case. The name is spelled as the text spells it: the hub's
 * `wsc.fixed` is, and SuperGLUE's own files are repaired to it (88 of 554 prompts to train on differ).
 * @example promptText(wsc, "causal", example({ text: "Mark lied.", name: "Mark", pronoun: "he" })) // 'Mark lied.\nIn the previous sentence, does the pronoun "he" refer to Mark? Yes or No?\n'
 * Source: princeton-nlp/MeZO@552cb1b, large_models (templates.py, WSCTemplate; the hub's configuration wsc.fixed).
 * Departs: dev takes 100 texts. The reference asks for 1,000 to train on and 500 for dev of 554, which leaves it 54 to train on; see
 * the oddities of `thousand`.
 */
export const wsc: ClassificationTask = {
  kind: "classification",
  name: "wsc",
  title: "WSC, what a pronoun refers to",
  fields: {
    text: ["text"],
    name: ["span1_text", "target.span1_text"],
    pronoun: ["span2_text", "target.span2_text"],
  },
  verbatim: true,
  labels: ["no", "yes"],
  labelAliases: { false: 0, true: 1 },
  masked: null,
  causal: {
    words: ["No", "Yes"],
    prompt: ({ text, name, pronoun }) =>
      `${text}\nIn the previous sentence, does the pronoun "${pronoun.toLowerCase()}" refer to ${name}? Yes or No?\n`,
  },
  pooled: null,
  metric: "accuracy",
  further: [],
  testSplit: "validation",
  dev: 100,
  referenceDev: 500,
  directories: [superGlueLines("WSC", "wsc lines")],
  hub: superGlueHub("wsc.fixed", ["False", "True"]),
  samples: null,
};
