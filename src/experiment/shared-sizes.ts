import { fail } from "../check/check";
import type { LoadedModel } from "../engine/load-model";
import type { LoadedTask } from "../task/loaded-task";
import { readingOf } from "../task/reading";
import { textsToDraw } from "../task/sample";
import { SHOTS, samplingOf, takesShots } from "./problem-options";
import type { ProblemOptions } from "./problem-options";

/** How many texts train and dev take, and an encoder's prototypes of each class. */
export interface Sizes {
  readonly train: number;
  readonly dev: number;
  readonly shots: number;
}

/** Sizes that a settings file says itself, whatever they are; those that it leaves open are absent. */
export type SaidSizes = Partial<Readonly<Record<keyof Sizes | "test", unknown>>>;

/**
 * Gives sizes that so many texts are enough for. Where they are too few, sizes that were said stay, and the others share what is left of the texts: prototypes
 * at most a third, dev as much beside train as was asked for. Said sizes that leave nothing are shared out too.
 * @param classes of which prototypes are made; 0 where there are none
 * @param said the names of those that stay
 * @example sharedSizes({ train: 128, dev: 100, shots: 8 }, 300, 3) // { train: 128, dev: 100, shots: 8 }
 * @example sharedSizes({ train: 128, dev: 100, shots: 8 }, 90, 3) // { train: 38, dev: 28, shots: 8 }
 * @example sharedSizes({ train: 20, dev: 100, shots: 8 }, 45, 3, ["train"]) // { train: 20, dev: 19, shots: 2 }
 */
export function sharedSizes(asked: Sizes, texts: number, classes: number, said: readonly (keyof Sizes)[] = []): Sizes {
  const costs = { train: asked.train, dev: asked.dev, shots: classes * asked.shots };
  const open = NAMES.filter((name) => !said.includes(name));
  const [all, left] = [total(costs, NAMES), texts - total(costs, said)];
  if (all <= texts || open.length === 0) return asked;
  if (left < total({ train: 1, dev: 1, shots: classes }, open))
    return said.length === 0 ? asked : sharedSizes(asked, texts, classes);
  const shots = classes > 0 && open.includes("shots") ? Math.max(1, Math.min(asked.shots, Math.floor(left / (3 * classes)))) : asked.shots; // prettier-ignore
  const rest = texts - classes * shots;
  if (!open.includes("dev")) return { train: Math.min(asked.train, rest - asked.dev), dev: asked.dev, shots };
  if (!open.includes("train")) return { train: asked.train, dev: Math.min(asked.dev, rest - asked.train), shots };
  const dev = Math.max(1, Math.floor((rest * asked.dev) / (asked.train + asked.dev)));
  const train = Math.min(asked.train, rest - dev);
  return { train, dev: Math.min(asked.dev, rest - train), shots };
}

const NAMES = ["train", "dev", "shots"] as const satisfies readonly (keyof Sizes)[];

function total(costs: Sizes, names: readonly (keyof Sizes)[]): number {
  return names.reduce((sum, name) => sum + costs[name], 0);
}

/**
 * Gives a problem's options for sizes that not all were asked for, which a small table is not to fail by: as they are where there are texts enough, else
 * `sharedSizes` of what may be drawn; and test no larger than it is.
 * For example `optionsToFit(minilm, task, { seed: 0, batchSize: 8, train: 128, dev: 100, test: 200 }).train`: 38 of 90 texts with three classes.
 * @throws when the task has no texts to train or to test on, or too few for one in each part
 */
export function optionsToFit(
  loaded: LoadedModel,
  from: LoadedTask,
  options: ProblemOptions,
  said: SaidSizes = {},
): ProblemOptions {
  const { task } = from;
  const { train, dev, shots = SHOTS } = options;
  const reading = task.kind === "chat" ? "causal" : readingOf(task, loaded.model);
  const { maxTokens, ...anyLength } = options;
  // How long a conversation is, its template says: those that will be left out are counted here.
  const limited = task.kind === "chat" || maxTokens === undefined ? anyLength : options;
  const prototypes = task.kind === "classification" && takesShots(loaded.model, options);
  const classes = prototypes ? task.labels.length : 0;
  const sized = typeof train === "number" && typeof dev === "number";
  const texts = textsToDraw(from, samplingOf(task, reading, loaded.tokenizer, limited), {
    train: sized ? train + dev + classes * shots : 0,
    test: options.test,
  });
  const tested = said.test === undefined && texts.test > 0 && texts.test < options.test ? { ...options, test: texts.test } : options; // prettier-ignore
  if (!sized) return tested;
  if (texts.train > 0 && texts.train < classes + 2)
    fail(`texts of ${task.name}`, `at least ${classes + 2} that are no test texts: ${prototypes ? "one of each class for prototypes, " : ""}one to train on and one to evaluate on`, texts.train); // prettier-ignore
  const asked = { train, dev, shots };
  const sizes = sharedSizes(asked, texts.train, classes, NAMES.filter((name) => said[name] !== undefined)); // prettier-ignore
  if (sizes === asked) return tested;
  return { ...tested, train: sizes.train, dev: sizes.dev, ...(prototypes && { shots: sizes.shots }) };
}
