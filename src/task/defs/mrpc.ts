import type { ClassificationTask } from "../task";
import { glueHub, glueTables } from "./files";
import { paraphrases } from "./pair-tasks";

/**
 * MRPC: do two sentences of news say the same?
 * @example promptText(mrpc, "masked", example({ first: "Shares fell by 2 percent.", second: "The stock lost 2 percent." })) // "<s>Shares fell by 2 percent.<mask>, the stock lost 2 percent.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh; columns in src/processors.py).
 */
export const mrpc: ClassificationTask = {
  ...paraphrases({
    fields: { first: ["sentence1", "#1 String"], second: ["sentence2", "#2 String"] },
    labels: ["not_equivalent", "equivalent"],
    labelColumn: "Quality",
  }),
  name: "mrpc",
  title: "MRPC, paraphrases in news",
  directories: [glueTables("MRPC")],
  hub: glueHub("mrpc", ["not_equivalent", "equivalent"]),
};
