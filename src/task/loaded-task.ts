import type { SplitName } from "./source";
import type { Example, Task } from "./task";

/** A task's labelled texts; a split that the source does not have, or has without labels, is null. */
export interface LoadedTask {
  readonly task: Task;
  readonly splits: Readonly<Record<SplitName, readonly Example[] | null>>;
  readonly origin: Origin;
  /** What the reader of an output should know: one line for each source that was tried and not used. */
  readonly notices: readonly string[];
}

/** Which data was used. */
export interface Origin {
  readonly kind: "directory" | "hub" | "samples" | "own";
  /** For a figure's caption, for example "trec from the hub, CogComp/trec (train 5452, test 500)". Names no local path. */
  readonly description: string;
  /** sha256 of the bytes of the files used, one after another (train, validation, test). */
  readonly hash: string;
}
