/** What a user says of a table of their own. */
export interface TableTaskOptions {
  /** A .csv, .tsv, .jsonl or .parquet file with column names. */
  readonly file: string;
  /** A second one to test on; default: every fourth row of each class of `file`. */
  readonly testFile?: string;
  /** The prompt, columns in braces: "{title} It was". With `<mask>` in it, it is for masked language models. */
  readonly template: string;
  /** The column of classes. */
  readonly label: string;
  /** For each class, as the column spells it, the word that follows the prompt, with its leading space where it has one. */
  readonly labelWords: Readonly<Record<string, string>>;
  /** Default: the file's name. */
  readonly name?: string;
}
