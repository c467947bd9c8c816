import { fail, unreachable } from "../../check/check";
import { spread } from "../statistics";

/** How a published number reached this project. */
export type How =
  | "paper" // read in the paper's own text
  | "second-hand" // read in another paper's copy, or in a note on it
  | "figure"; // read by eye off a figure's image

/** Where a published number was read. */
export interface Source {
  readonly what: string;
  readonly how: How;
}

/** One published number: a mean over seeds where there were several. */
export interface PublishedNumber {
  readonly model: string;
  readonly task: string;
  readonly method: string;
  /** Training texts per class; null where the protocol counts otherwise. */
  readonly shots: number | null;
  /** As printed: percent, or a loss in nats. */
  readonly value: number;
  /** Standard deviation over seeds; null where none was printed. */
  readonly deviation: number | null;
  readonly source: Source;
}

/** A published table as it is printed: methods down, tasks across. */
export interface PublishedTable {
  readonly model: string;
  readonly metric: string;
  readonly source: Source;
  readonly tasks: readonly string[];
  readonly rows: readonly {
    readonly method: string;
    readonly shots: number | null;
    /** In the order of the tasks; null: not printed, or not found. */
    readonly cells: readonly (PublishedNumber | null)[];
  }[];
}

/**
 * Makes a published table from its printed rows: "90.5(1.2)" is mean and standard deviation, "-" a number that is not there.
 * For example `printed({ model: "RoBERTa-large", metric: "accuracy (%)", source, tasks: "sst2 trec" }, [["MeZO", 16, "90.5(1.2) 76.9(2.7)"]])`.
 * @param tasks their names, divided by spaces
 * @param rows method, texts per class (null where that is not how it counts), and the numbers as printed, divided by spaces
 * @throws when a row has not one number for each task, or one is not of that form
 */
export function printed(
  about: Pick<PublishedTable, "model" | "metric" | "source"> & { readonly tasks: string },
  rows: readonly (readonly [method: string, shots: number | null, numbers: string])[],
): PublishedTable {
  const { model, metric, source } = about;
  const tasks = about.tasks.split(" ");
  return {
    model,
    metric,
    source,
    tasks,
    rows: rows.map(([method, shots, numbers]) => {
      const texts = numbers.split(" ");
      if (texts.length !== tasks.length)
        fail(`${source.what}: ${method}`, `${tasks.length} numbers, one for each task`, texts.length);
      const cells = texts.map((text, i) => {
        if (text === "-") return null;
        const parts = /^(\d+(?:\.\d+)?)(?:\((\d+(?:\.\d+)?)\))?$/.exec(text);
        if (parts === null) return fail(`${source.what}: ${method}, ${tasks[i]}`, 'a number like "90.5(1.2)"', text);
        const deviation = parts[2] === undefined ? null : Number(parts[2]);
        return { model, task: tasks[i]!, method, shots, value: Number(parts[1]), deviation, source };
      });
      return { method, shots, cells };
    }),
  };
}

/**
 * Makes a table's number for a task and method; null where it has none: shown as "not found", never guessed.
 * @example publishedCell(mezoRoberta, { task: "trec", method: "MeZO", shots: 16 })?.value // 76.9
 */
export function publishedCell(
  { tasks, rows }: PublishedTable,
  { task, method, shots = null }: { readonly task: string; readonly method: string; readonly shots?: number | null },
): PublishedNumber | null {
  const row = rows.find((one) => one.method === method && one.shots === shots);
  return row?.cells[tasks.indexOf(task)] ?? null;
}

/**
 * Says where a number was read, in words.
 * @example describeSource({ what: "AdaZeta, Figure 1", how: "figure" }) // "read off the figure: AdaZeta, Figure 1"
 */
export function describeSource({ what, how }: Source): string {
  switch (how) {
    case "paper":
      return what;
    case "second-hand":
      return `second-hand: ${what}`;
    case "figure":
      return `read off the figure: ${what}`;
    default:
      return unreachable(how);
  }
}

/** Makes a published number as a table's cell: mean and deviation as they were printed. */
export function publishedValue({ value, deviation }: Pick<PublishedNumber, "value" | "deviation">) {
  return deviation === null ? value : { ...spread([value]), standardDeviation: deviation };
}
