import type { LoadedModel } from "../engine/load-model";
import type { LoadedTask } from "../task/loaded-task";
import { readingOf } from "../task/reading";
import { textsToDraw } from "../task/sample";
import { SHOTS, samplingOf } from "./problem-options";
import type { ProblemOptions } from "./problem-options";

/** How many texts train and dev take, and an encoder's prototypes of each class. */
export interface Sizes {
  readonly train: number;
  readonly dev: number;
  readonly shots: number;
}

/**
 * Gives sizes that so many texts are enough for: where they are too few, every part has its share of what there is, rounded in favour of train.
 * @param classes of which prototypes are made; 0 where there are none
 * @example sharedSizes({ train: 128, dev: 100, shots: 8 }, 90, 3) // { train: 49, dev: 35, shots: 2 }
 * @example sharedSizes({ train: 128, dev: 100, shots: 8 }, 300, 3) // { train: 128, dev: 100, shots: 8 }
 */
export function sharedSizes(asked: Sizes, texts: number, classes: number): Sizes {
  const all = asked.train + asked.dev + classes * asked.shots;
  if (all <= texts) return asked;
  const [dev, shots] = [asked.dev, asked.shots].map((size) => Math.max(1, Math.floor((size * texts) / all)));
  const left = texts - classes * shots;
  const train = Math.max(1, Math.min(asked.train, left - dev));
  return { train, dev: Math.min(asked.dev, left - train), shots };
}

/**
 * Gives a problem's options for sizes that nobody asked for, which a small table is not to fail by: as they are where there are texts enough, else
 * `sharedSizes` of what may be drawn.
 * For example `optionsToFit(minilm, task, { seed: 0, batchSize: 8, train: 128, dev: 100, test: 200 }).train`: 49 of 90 texts with three classes.
 * @throws when the task has no texts to train or to test on
 */
export function optionsToFit(loaded: LoadedModel, from: LoadedTask, options: ProblemOptions): ProblemOptions {
  const { task } = from;
  const { train, dev, shots = SHOTS } = options;
  if (typeof train !== "number" || typeof dev !== "number") return options;
  const reading = task.kind === "chat" ? "causal" : readingOf(task, loaded.model);
  const { maxTokens, ...anyLength } = options;
  // How long a conversation is, its template says: those that will be left out are counted here.
  const limited = task.kind === "chat" || maxTokens === undefined ? anyLength : options;
  const drawn = samplingOf(task, reading, loaded.tokenizer, limited);
  const prototypes = task.kind === "classification" && loaded.model.head === null && options.readout !== "captions";
  const asked = { train, dev, shots };
  const sizes = sharedSizes(asked, textsToDraw(from, drawn), prototypes ? task.labels.length : 0);
  if (sizes === asked) return options;
  return { ...options, train: sizes.train, dev: sizes.dev, ...(prototypes && { shots: sizes.shots }) };
}
