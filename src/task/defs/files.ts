import type { DirectorySource, HubSource } from "../source";

/** Gives GLUE's tables: `FOLDER/train.tsv` and, for the split that is reported on, `FOLDER/dev.tsv`. */
export function glueTables(
  folder: string,
  layout: Partial<Pick<DirectorySource, "columns" | "skipShortLines" | "files">> = {},
): DirectorySource {
  return { variant: "glue", folder, format: "tsv", files: { train: "train.tsv", validation: "dev.tsv" }, ...layout };
}

/** Gives one task of GLUE on the hub. */
export function glueHub(configuration: string, labelNames: readonly string[]): HubSource {
  return {
    repository: "nyu-mll/glue",
    configuration,
    labelColumn: "label",
    labelNames,
    splits: { train: "train", validation: "validation" },
  };
}

/** Gives SuperGLUE's files: `FOLDER/train.jsonl` and `FOLDER/val.jsonl` (test.jsonl has no labels). */
export function superGlueLines(folder: string, format: DirectorySource["format"] = "json lines"): DirectorySource {
  return { variant: "superglue", folder, format, files: { train: "train.jsonl", validation: "val.jsonl" } };
}

/** Gives one task of SuperGLUE on the hub. */
export function superGlueHub(configuration: string, labelNames: readonly string[] | null): HubSource {
  return {
    repository: "aps/super_glue",
    configuration,
    labelColumn: labelNames === null ? null : "label",
    labelNames: labelNames ?? [],
    splits: { train: "train", validation: "validation" },
  };
}

/** Gives the files that the few-shot protocols use for the smaller corpora: `FOLDER/train.csv` and `FOLDER/test.csv`, "label,text", no header. */
export function labelledTables(folder: string): DirectorySource {
  return {
    variant: "few-shot",
    folder,
    format: "csv",
    columns: ["label", "text"],
    files: { train: "train.csv", test: "test.csv" },
  };
}
