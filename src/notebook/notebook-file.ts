import { readFileSync } from "node:fs";
import { fail } from "../check/check";
import { messageOf } from "../check/error-words";
import { writeWhole } from "../disk/whole-file";
import { asLines, inLines, notebookJson } from "./notebook-json";
import type { Message } from "./kernel-client";

/** A notebook file (nbformat 4), as far as it is read or written here; everything else in it is kept. */
export interface NotebookFile {
  readonly cells: readonly NotebookCell[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly nbformat: number;
  readonly nbformat_minor: number;
}

export interface NotebookCell {
  readonly cell_type: "code" | "markdown" | "raw";
  readonly source: string | readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly outputs?: readonly Output[];
  readonly execution_count?: number | null;
}

/** An output as the file has it; `displayId` is known only while the notebook runs. */
export interface Output {
  readonly output_type: string;
  readonly displayId?: string;
  readonly [field: string]: unknown;
}

export const sourceOf = ({ source }: NotebookCell): string => (typeof source === "string" ? source : source.join(""));

/**
 * Reads a notebook file.
 * @throws when the file is no notebook of format 4
 */
export function readNotebook(file: string): NotebookFile {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    return fail(file, "a notebook (JSON)", messageOf(error));
  }
  const notebook = value as Partial<NotebookFile> | null;
  if (typeof notebook !== "object" || notebook === null || !Array.isArray(notebook.cells) || notebook.nbformat !== 4)
    return fail(file, "a notebook of format 4", notebook?.nbformat);
  return notebook as NotebookFile;
}

/** Gives the text of a notebook's file: the bytes that JupyterLab would save. */
export function notebookText(notebook: NotebookFile): string {
  return `${notebookJson({ ...notebook, cells: notebook.cells.map(cellForFile) })}\n`;
}

/** Writes beside the file first, so that a full disk or a kill leaves the old file whole. */
export function writeNotebook(file: string, notebook: NotebookFile): void {
  writeWhole(file, notebookText(notebook));
}

const widgetMime = "application/vnd.jupyter.widget-view+json";

/** How often a kernel ran something before is no part of a notebook: jupyter/config/jupyter_server_config.py leaves it out as well. */
function cellForFile(cell: NotebookCell): object {
  const source = asLines(sourceOf(cell));
  if (cell.cell_type !== "code") return { ...cell, source };
  return { ...cell, source, execution_count: null, outputs: (cell.outputs ?? []).map(outputForFile) };
}

/** nbformat keeps text as a list of lines. */
function outputForFile(known: Output): object {
  const { displayId, ...output } = known;
  void displayId;
  const counted = "execution_count" in output ? { execution_count: null } : {};
  if (output.output_type === "stream") return { ...output, text: asLines(textOf(output["text"])) };
  const data = output["data"] as Readonly<Record<string, unknown>> | undefined;
  if (data === undefined) return output;
  // The file keeps no widgets' state: a page that opens it could only say that they are gone. What was shown beside them stays.
  const kept = Object.entries(data).filter(([mime]) => mime !== widgetMime);
  const lines = kept.map(([mime, value]) => [mime, inLines(mime) ? asLines(textOf(value)) : value]);
  return { ...output, ...counted, data: Object.fromEntries(lines) };
}

/** Text that a file may have as a list of lines. */
function textOf(text: unknown): string {
  return Array.isArray(text) ? text.join("") : String(text);
}

/**
 * Gives the outputs of all cells after one more message of cell `at`: text of one stream is joined, an update replaces every output
 * with its display id, in whatever cell it is.
 */
export function withMessage(
  outputs: readonly (readonly Output[])[],
  at: number,
  { header, content }: Message,
): readonly (readonly Output[])[] {
  const { transient, ...rest } = content;
  const displayId = (transient as { readonly display_id?: string } | undefined)?.display_id;
  const add = (next: (own: readonly Output[]) => readonly Output[]): readonly (readonly Output[])[] =>
    outputs.map((own, index) => (index === at ? next(own) : own));
  switch (header.msg_type) {
    case "stream":
      return add((own) => {
        const last = own.at(-1);
        const joins = last?.output_type === "stream" && last["name"] === content["name"];
        if (!joins) return [...own, { output_type: "stream", ...content }];
        return [...own.slice(0, -1), { ...last, text: String(last["text"]) + String(content["text"]) }];
      });
    case "display_data":
    case "execute_result":
    case "error":
      return add((own) => [
        ...own,
        { output_type: header.msg_type, ...rest, ...(displayId === undefined ? {} : { displayId }) },
      ]);
    case "update_display_data":
      if (displayId === undefined) return outputs;
      return outputs.map((own) =>
        own.map((output) => (output.displayId === displayId ? { ...output, ...rest } : output)),
      );
    default:
      return outputs;
  }
}
