import type { ClassificationTask } from "../task";
import { superGlueHub, superGlueLines } from "./files";

/**
 * WiC: does a word mean the same in two sentences?
 * @example promptText(wic, "causal", example({ word: "bank", first: "A bank.", second: "The bank." })) // 'Does the word "bank" have the same meaning in these two sentences? Yes, No?\nA bank.\nThe bank.\n'
 * Source: princeton-nlp/MeZO@552cb1b, large_models (templates.py, WICTemplate).
 */
export const wic: ClassificationTask = {
  kind: "classification",
  name: "wic",
  title: "WiC, does a word mean the same",
  fields: { word: ["word"], first: ["sentence1"], second: ["sentence2"] },
  verbatim: true,
  labels: ["no", "yes"],
  labelAliases: { false: 0, true: 1 },
  masked: null,
  causal: {
    words: ["No", "Yes"],
    prompt: ({ word, first, second }) =>
      `Does the word "${word}" have the same meaning in these two sentences? Yes, No?\n${first}\n${second}\n`,
  },
  pooled: null,
  metric: "accuracy",
  further: [],
  testSplit: "validation",
  directories: [superGlueLines("WiC")],
  hub: superGlueHub("wic", ["False", "True"]),
  samples: null,
};
