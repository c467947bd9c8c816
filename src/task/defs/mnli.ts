import type { ClassificationTask } from "../task";
import { glueHub, glueTables } from "./files";
import { threeWayInference } from "./pair-tasks";

/**
 * MNLI: does the premise entail the hypothesis, contradict it, or neither? Up to 256 tokens, the premise cut to 240. Reported on the
 * matched development set; `mnliMismatched` has the other one.
 * @example promptText(mnli, "masked", example({ premise: "He slept all day.", hypothesis: "He was awake at noon." })) // "<s>He slept all day?<mask>, he was awake at noon.</s>"
 * Source: princeton-nlp/MeZO@552cb1b, medium_models (run_fewshot.sh; columns in src/processors.py).
 */
export const mnli = on("matched", "mnli");

/** MNLI, reported on the development set of genres that are not in train. */
export const mnliMismatched = on("mismatched", "mnli-mm");

function on(genres: "matched" | "mismatched", name: string): ClassificationTask {
  const task = threeWayInference(240);
  return {
    ...task,
    name,
    title: `MNLI, inference between sentences of many genres (${genres})`,
    directories: [glueTables("MNLI", { files: { train: "train.tsv", validation: `dev_${genres}.tsv` } })],
    hub: { ...glueHub("mnli", task.labels), splits: { train: "train", validation: `validation_${genres}` } },
  };
}
