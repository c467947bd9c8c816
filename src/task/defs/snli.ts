import type { ClassificationTask } from "../task";
import { glueTables } from "./files";
import { threeWayInference } from "./pair-tasks";

/**
 * SNLI: does a caption entail a sentence, contradict it, or neither? Up to 256 tokens. Pairs without a majority label ("-") are left out.
 * @example promptText(snli, "masked", example({ premise: "Two dogs run on a beach.", hypothesis: "The dogs are asleep." })) // "<s>Two dogs run on a beach?<mask>, the dogs are asleep.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh; tools/generate_k_shot_data.py takes dev for test).
 */
export const snli: ClassificationTask = {
  ...threeWayInference(),
  name: "snli",
  title: "SNLI, inference between captions",
  directories: [
    glueTables("SNLI"),
    {
      variant: "snli 1.0",
      folder: "SNLI",
      format: "json lines",
      files: { train: "snli_1.0_train.jsonl", validation: "snli_1.0_dev.jsonl" },
    },
  ],
  hub: {
    repository: "stanfordnlp/snli",
    configuration: "plain_text",
    labelColumn: "label",
    labelNames: ["entailment", "neutral", "contradiction"],
    splits: { train: "train", validation: "validation" },
  },
};
