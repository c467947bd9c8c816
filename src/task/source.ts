/** The parts of a task's data. */
export type SplitName = "train" | "validation" | "test";
export const splitNames: readonly SplitName[] = ["train", "validation", "test"];

/**
 * What a file looks like. `labelled lines`: "label text", no header; `tsv`: tab-separated, no quoting (as in GLUE); `csv`: commas and
 * quotes (RFC 4180); `json lines`: an object a line; `boolq lines`: SuperGLUE's, whose passages begin with a title; `wsc lines`:
 * SuperGLUE's, whose spans are to be repaired; `multirc lines`, `record lines`: SuperGLUE's nested objects; `squad`, `drop`: one JSON
 * document.
 */
export type Format =
  | "labelled lines"
  | "tsv"
  | "csv"
  | "json lines"
  | "boolq lines"
  | "wsc lines"
  | "multirc lines"
  | "record lines"
  | "squad"
  | "drop"
  | "parquet";

/** How the rows of a file are told apart. */
export interface FileLayout {
  readonly format: Format;
  /** Column names of a table that has no header line. */
  readonly columns?: readonly string[];
  /** Lines with fewer cells than the header are left out and counted, as the reference does for QQP; default: an error. */
  readonly skipShortLines?: true;
}

/** Files of one distribution of the task, in a folder of the data directory. */
export interface DirectorySource extends FileLayout {
  readonly variant: string;
  readonly folder: string;
  /** A split that is not named here does not exist in this distribution. */
  readonly files: Readonly<{ train: string; validation?: string; test?: string }>;
  readonly gap?: Gap;
}

/** What this distribution lacks of the one that the literature uses, and what is done about it. */
export interface Gap {
  /**
   * `cut`: the train file has to give the test split too: every third value of the field goes there with all its examples.
   * `disjoint`: examples of train whose field is also in the test split are left out. `smaller`: nothing is done.
   */
  readonly kind: "cut" | "disjoint" | "smaller";
  readonly field: string;
  /** The line that tells the reader. */
  readonly notice: string;
}

/** Parquet files of a dataset on the hub. */
export interface HubSource {
  readonly repository: string;
  readonly configuration: string;
  /** The column of class numbers; null where the task has none. */
  readonly labelColumn: string | null;
  /** What the dataset's label numbers 0, 1, ... mean, in our spelling or an alias. */
  readonly labelNames: readonly string[];
  /** The splits that carry labels, and what the hub calls them. */
  readonly splits: Readonly<Partial<Record<SplitName, string>>>;
}
