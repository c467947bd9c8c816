import { fail } from "../check/check";
import type { LoadedTask } from "./loaded-task";
import type { ClassificationTask, PooledReading } from "./task";

/** How the classes of a task become those of another. */
export interface ClassMap {
  readonly name: string;
  readonly title: string;
  /** The classes afterwards. */
  readonly labels: readonly string[];
  /** Of each class of the task its place among them; null: its texts are left out. */
  readonly to: readonly (number | null)[];
  /** How a pooling encoder reads it; default: as the task is read. */
  readonly pooled?: PooledReading;
}

/**
 * Gives a loaded task with its classes mapped to others and texts of some left out; it keeps its texts' order, splits and origin. Label words belong to
 * the old classes, so it is read by pooling encoders alone.
 * For example `mappedTask(sst5, { name: "sst5-two", title: "SST-5, two ends", labels: ["negative", "positive"], to: [0, 0, null, 1, 1] })`.
 * @throws when the task has no classes, the map is not one place for each of them, or nothing is mapped to a class
 */
export function mappedTask(loaded: LoadedTask, map: ClassMap): LoadedTask {
  const { task, splits } = loaded;
  const { name, title, labels, to } = map;
  if (task.kind !== "classification") return fail(`task ${task.name}`, "a task with classes", task.kind);
  if (to.length !== task.labels.length) fail(`${name}.to`, `a place or null for each of ${task.labels.join(", ")}`, to);
  to.forEach((place) => {
    if (place !== null && labels[place] === undefined) fail(`${name}.to`, `places in ${labels.join(", ")}`, place);
  });
  labels.forEach((label, place) => {
    if (!to.includes(place)) fail(`${name}.to`, `a class that becomes ${label}`, to);
  });
  const mapped: ClassificationTask = {
    ...task,
    name,
    title,
    labels,
    labelAliases: {},
    masked: null,
    causal: null,
    pooled: map.pooled ?? task.pooled,
  };
  const part = (examples: LoadedTask["splits"]["train"]): LoadedTask["splits"]["train"] =>
    examples &&
    examples.flatMap((example) => {
      const label = to[example.label];
      return typeof label === "number" ? [{ ...example, label }] : [];
    });
  const { train, validation, test } = splits;
  const left = task.labels.filter((_, label) => to[label] === null);
  return {
    ...loaded,
    task: mapped,
    splits: { train: part(train), validation: part(validation), test: part(test) },
    notices: [...loaded.notices, ...(left.length > 0 ? [`${name}: texts of ${left.join(", ")} left out`] : [])],
  };
}
