import type { ChoiceTask } from "../task";
import { superGlueHub, superGlueLines } from "./files";

/**
 * ReCoRD: which of a news article's names fills the gap in a statement about it? The article's highlights become a list, and each
 * option is the statement with one of the names in it, as the last item. Every name that a right answer spells is right; the first
 * answer in the order of their characters is trained on.
 * @example promptText(record, "causal", example({ passage: "It rained.\n@highlight\nAda got wet", query: "Then @placeholder went home." })) // "It rained.\n- Ada got wet\n-"; an option: " Then Ada went home."
 * Source: princeton-nlp/MeZO@552cb1b, large_models (templates.py, ReCoRDTemplateGPT3).
 */
export const record: ChoiceTask = {
  kind: "choice",
  name: "record",
  title: "ReCoRD, the name that is missing from a statement",
  fields: { passage: ["passage"], query: ["query"] },
  group: [["idx.passage"], ["idx.query"]],
  verbatim: true,
  right: { kind: "text", candidates: ["entities"], answers: ["answers"] },
  prompt: ({ fields }) => `${fields["passage"].replaceAll("@highlight\n", "- ")}\n-`,
  options: ({ fields, candidates = [] }) =>
    candidates.map((name) => ({ text: ` ${fields["query"].replaceAll("@placeholder", () => name).trimEnd()}` })),
  metric: "accuracy",
  further: ["token f1", "exact match"],
  testSplit: "validation",
  directories: [
    superGlueLines("ReCoRD", "record lines"),
    {
      variant: "fewglue32",
      folder: "ReCoRD",
      format: "record lines",
      files: { train: "fewglue32.train.jsonl", validation: "fewglue32.dev32.jsonl" },
      gap: {
        kind: "smaller",
        field: "passage",
        notice: "ReCoRD: FewGLUE's 32 statements to train on and 32 to test on",
      },
    },
  ],
  hub: superGlueHub("record", null),
  samples: null,
};
