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

/** What a user says of conversations of their own. */
export interface ChatTaskOptions {
  /**
   * A .jsonl or .parquet file. Each row has `messages`, a list of { role, content }, or `prompt` and `completion`: two texts, the user's and the
   * assistant's (in a .csv or .tsv file too), or two such lists, of which the second is learnt.
   */
  readonly file: string;
  /** A second one to test on; default: every fourth conversation of `file`. */
  readonly testFile?: string;
  /** A file with a Jinja template in place of the model's own chat template. */
  readonly template?: string;
  /** Default: the file's name. */
  readonly name?: string;
}
