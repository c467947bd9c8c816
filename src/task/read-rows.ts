import { unreachable } from "../check/check";
import { csv } from "./read-csv";
import { boolqLines, dropDocument, jsonLines, multircLines, recordLines, squadDocument, wscLines } from "./read-json";
import { parquetRows } from "./read-parquet";
import { decodeText, labelledLines, tsv } from "./read-text";
import type { Rows } from "./row";
import type { FileLayout, SplitName } from "./source";

/**
 * Gives the rows of a file's bytes.
 * @param file its name for messages
 * @param split what the file is of: a DROP file to train on has other answers than one to test on
 * @throws when the file is not what its layout says, with file and line
 */
export async function readRows(layout: FileLayout, bytes: Uint8Array, file: string, split: SplitName): Promise<Rows> {
  const { format } = layout;
  if (format === "parquet") return (await parquetRows(bytes, file)).rows;
  const text = decodeText(bytes, file);
  switch (format) {
    case "labelled lines":
      return labelledLines(text, file);
    case "tsv":
      return tsv(text, file, layout);
    case "csv":
      return csv(text, file, layout);
    case "json lines":
      return jsonLines(text, file);
    case "boolq lines":
      return boolqLines(text, file);
    case "wsc lines":
      return wscLines(text, file);
    case "multirc lines":
      return multircLines(text, file);
    case "record lines":
      return recordLines(text, file);
    case "squad":
      return squadDocument(text, file);
    case "drop":
      return dropDocument(text, file, split);
    default:
      return unreachable(format);
  }
}
