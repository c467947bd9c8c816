import type { LoadedTask } from "../task/loaded-task";
import { mappedTask } from "../task/mapped-task";
import type { ClassMap } from "../task/mapped-task";

/** A pair of texts as one, for an encoder that reads one. */
const pair = {
  text: ({ premise, hypothesis }: Readonly<Record<string, string>>): string => `${premise} ${hypothesis}`,
};

/**
 * Tasks that experiments go by name for and that are another's texts with fewer classes: SST-5 without its neutral sentences, RTE as an encoder reads
 * a pair, and CB, where contradiction and neutral are both no entailment.
 */
export const mappedTasks = {
  "sst5-two": {
    of: "sst5",
    title: "SST-5, sentences that are not neutral",
    labels: ["negative", "positive"],
    to: [0, 0, null, 1, 1],
  },
  "rte-pairs": {
    of: "rte",
    title: "RTE, pairs as one text",
    labels: ["entailment", "no entailment"],
    to: [0, 1],
    pooled: pair,
  },
  "cb-two": {
    of: "cb",
    title: "CB, entailment or not",
    labels: ["entailment", "no entailment"],
    to: [0, 1, 1],
    pooled: pair,
  },
} as const satisfies Readonly<Record<string, Omit<ClassMap, "name"> & { readonly of: string }>>;

/**
 * Opens a planned run's task: a mapped one by the task that it is made of, another as it is.
 * For example `await openMapped("sst5-two", (name) => loadTask(name))`.
 */
export async function openMapped(name: string, open: (name: string) => Promise<LoadedTask>): Promise<LoadedTask> {
  if (!Object.hasOwn(mappedTasks, name)) return open(name);
  const { of, ...map } = mappedTasks[name as keyof typeof mappedTasks];
  return mappedTask(await open(of), { ...map, name });
}
