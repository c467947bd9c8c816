import type { ChoiceTask } from "../task";
import { superGlueHub, superGlueLines } from "./files";

/**
 * COPA: which of two sentences is the cause, or the effect, of a first one? The premise loses its full stop, and the first word of an
 * option stands in lower case, unless it is "I".
 * @example promptText(copa, "causal", example({ premise: "The man turned on the faucet.", first: "The toilet filled with water.", second: "Water flowed from the spout.", question: "effect" })) // "The man turned on the faucet so"; its options: " the toilet filled with water.", ...
 * Source: princeton-nlp/MeZO@552cb1b, large_models (templates.py, CopaTemplate); its runs take 100 texts for dev.
 */
export const copa: ChoiceTask = {
  kind: "choice",
  name: "copa",
  title: "COPA, which sentence is the cause or the effect",
  fields: { premise: ["premise"], first: ["choice1"], second: ["choice2"], question: ["question"] },
  verbatim: true,
  right: { kind: "number", columns: ["label"], names: ["choice1", "choice2"] },
  prompt: ({ fields }) => {
    const premise = fields["premise"].trimEnd().replace(/\.$/, "");
    return `${premise} ${fields["question"] === "effect" ? "so" : "because"}`;
  },
  options: ({ fields }) => [fields["first"], fields["second"]].map((text) => ({ text: ` ${lowered(text)}` })),
  metric: "accuracy",
  further: [],
  testSplit: "validation",
  dev: 100,
  directories: [superGlueLines("COPA")],
  hub: superGlueHub("copa", ["choice1", "choice2"]),
  samples: null,
};

function lowered(text: string): string {
  const [first, ...rest] = text.trim().split(" ");
  return [first === "I" ? first : first.toLowerCase(), ...rest].join(" ");
}
