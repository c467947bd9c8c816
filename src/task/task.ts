/** One labelled text, and where it was read from. */
export interface Example {
  /** The task's text fields by name, trimmed. */
  readonly fields: Readonly<Record<string, string>>;
  /** Index into the task's `labels`. */
  readonly label: number;
  readonly where: Where;
}

/** A row of a file: lines count from 1 (rows of a parquet file too). */
export interface Where {
  readonly file: string;
  readonly line: number;
}

export type SplitName = "train" | "validation" | "test";
export const splitNames: readonly SplitName[] = ["train", "validation", "test"];

/** A task, declared: everything that differs between one labelled text collection and another. */
export interface Task {
  readonly name: string;
  readonly title: string;
  /** Text fields, each with the column names that files use for it. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** Class names, in the order of the label numbers. */
  readonly labels: readonly string[];
  /** Other spellings of class names in files, lower case. */
  readonly labelAliases: Readonly<Record<string, number>>;
  /** One word per class, with its leading space, predicted after the prompt; null where an encoder's pooled vector is scored. */
  readonly labelWords: readonly string[] | null;
  /** The text that the model reads. */
  prompt(fields: Readonly<Record<string, string>>): string;
  readonly scored: "last token" | "mean of tokens";
  readonly metric: "accuracy";
  /** The split that the literature reports on, and that is therefore kept for the end. */
  readonly testSplit: "validation" | "test";
  readonly directories: readonly DirectorySource[];
  readonly hub: HubSource;
  /** The project's own sample texts: one table, whose rows are split by `splitSamples`. */
  readonly samples: string;
}

/** Files of one distribution of the task, in a folder of the data directory. */
export interface DirectorySource {
  readonly variant: string;
  readonly folder: string;
  /** `table`: tab-separated with a header; `labelled lines`: "label text", no header. */
  readonly format: "table" | "labelled lines";
  /** A split that is not named here does not exist in this distribution. */
  readonly files: Readonly<{ train: string; validation?: string; test?: string }>;
}

/** Parquet files of a dataset on the hub. */
export interface HubSource {
  readonly repository: string;
  readonly configuration: string;
  readonly labelColumn: string;
  /** What the dataset's label numbers 0, 1, ... mean, in our spelling or an alias. */
  readonly labelNames: readonly string[];
  /** The splits that carry labels. */
  readonly splits: readonly SplitName[];
}
