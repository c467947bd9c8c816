import { sourceHashes } from "../train/sources";
import type { SourceHashes } from "../train/sources";

/** From here all that decides a run's numbers is imported: the loop, the problem, the adapter, the model and its engine. */
const ROOTS = [
  "src/train/train.ts",
  "src/experiment/run-arm.ts",
  "src/experiment/make-trainable.ts",
  "src/adapter/make-adapter.ts",
  "src/engine/load-model.ts",
  "src/engine/open-session.ts",
];

/** Rooms that decide none: checks and files say or keep what others compute, and what texts become is in the data's hash. */
const APART = /^src\/(check|disk|text)\//;

/**
 * Gives hashes of the project's files that decide a run's numbers, as the disk has them now; null outside the project.
 * For example `decidingFiles()?.["src/schedule/power-law.ts"]`: "1b2c...".
 */
export function decidingFiles(): SourceHashes | null {
  return sourceHashes(ROOTS, (file) => !APART.test(file));
}
