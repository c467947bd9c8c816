import type { FolderFiles } from "../disk/whole-folder";
import { knownOptions } from "../check/known-options";
import type { Trainable } from "../experiment/problem";
import { verification } from "../export/verification";
import { findKnownModel } from "../model/registry";
import { savePeftClassifier } from "../task/saved-classifier";
import { CARD, VERIFICATION } from "../weights/peft-folder";
import { requireNotBase } from "../weights/require-not-base";
import { classifierOf } from "./choose";
import type { LiveRun } from "./live-runs";
import { CARD_OPTIONS, runCard } from "./run-card";
import type { CardOptions } from "./run-card";

/**
 * Saves the best checkpoint of a LoRA run, or of an adapter that is a LoRA (`asLora`), as a folder that Hugging Face PEFT opens, with the readout beside
 * its files, `verify.json`, which says what it computes (`npm run verify`; of a base that lies in files), and a model card. All of them, or none.
 * For example `await saveRunAsPeft(problem, chosen, "data/runs/mine", { test: await testOnce(problem, chosen) })`.
 * @returns the folder, for `openClassifier`
 * @throws when the run has no checkpoint, the problem no readout (its options are scored whole), and as `savePeft`
 */
export async function saveRunAsPeft(
  problem: Trainable<unknown>,
  run: LiveRun,
  folder: string,
  options: CardOptions = {},
): Promise<string> {
  knownOptions("saveRunAsPeft", options, CARD_OPTIONS);
  const { loaded } = problem;
  if (loaded.files !== undefined) requireNotBase(folder, loaded.files);
  const source = findKnownModel(loaded.name)?.source;
  const base = source !== undefined && "repository" in source ? source.repository : "";
  const classifier = classifierOf(problem, run);
  const { adapter } = classifier;
  const besides: FolderFiles = {
    [CARD]: runCard(problem, run, "peft", options),
    ...(loaded.files === undefined ? {} : { [VERIFICATION]: await verification(loaded, adapter, loaded) }),
  };
  savePeftClassifier(folder, classifier, loaded.model, base, besides);
  return folder;
}
