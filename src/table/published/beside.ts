import type { ColumnTable } from "arquero";
import type { CellValue, TableOptions } from "../cell";
import { tableOf } from "../rows";
import type { Spread } from "../statistics";
import { describeSource, publishedValue } from "./published";
import type { PublishedNumber, PublishedTable } from "./published";

/** A table with how it is to be shown. */
export interface ShownTable {
  readonly table: ColumnTable;
  readonly options: TableOptions;
}

/** One cell of an experiment, as it was published and as it was measured here, on another model and at another size. */
export interface PublishedBeside {
  readonly task: string;
  readonly method: string;
  /** null: not found. */
  readonly published: PublishedNumber | null;
  /** null: not measured yet; a text says what there is instead of a number. */
  readonly measured: number | Spread | string | null;
  /** What a reader must know beside the number; default: nothing. */
  readonly remark?: string;
}

/**
 * Gives published cells beside measured ones, kept apart by the columns' names and colours. There is no difference of the two: the models
 * are not the same.
 * For example `publishedBesideMeasured(rows, { reported: "RoBERTa-large, k = 16", measured: "MiniLM, 128 texts" }).table.columnNames()`.
 * @param models whose numbers stand in the two columns
 * @throws when there are no rows
 * // ["task", "method", "reported: RoBERTa-large, k = 16", "read in", "measured here: MiniLM, 128 texts", "remark"]
 */
export function publishedBesideMeasured(
  rows: readonly PublishedBeside[],
  models: { readonly reported: string; readonly measured: string },
): ShownTable {
  const theirs = `reported: ${models.reported}`;
  const ours = `measured here: ${models.measured}`;
  const remarks = rows.some(({ remark = "" }) => remark !== "");
  const table = tableOf(
    rows.map(({ task, method, published, measured, remark = "" }) => ({
      task,
      method,
      [theirs]: published && publishedValue(published),
      "read in": published === null ? "" : describeSource(published.source),
      [ours]: measured,
      ...(remarks ? { remark } : {}),
    })),
  );
  return {
    table,
    options: {
      align: { [theirs]: "right", [ours]: "right" },
      missing: { [theirs]: "not found", [ours]: "not measured yet" },
      origins: { [theirs]: "reported", "read in": "reported", [ours]: "measured" },
    },
  };
}

/**
 * Makes a published table as it is printed, with a row of "not found" for each method whose numbers could not be found.
 * @param notFound methods that the reader will look for
 * @example publishedAsPrinted(mezoRoberta, ["AdaZeta"]).table.numRows() // 15
 */
export function publishedAsPrinted(published: PublishedTable, notFound: readonly string[] = []): ShownTable {
  const { tasks, rows, model, metric, source } = published;
  const shots = rows.some((row) => row.shots !== null);
  const asRow = (method: string, k: number | null, cells: readonly (PublishedNumber | null)[]) => ({
    method,
    ...(shots ? { k: k ?? "" } : {}),
    ...Object.fromEntries(tasks.map((task, i): [string, CellValue] => [task, valueOf(cells[i])])),
  });
  const table = tableOf([
    ...rows.map((row) => asRow(row.method, row.shots, row.cells)),
    ...notFound.map((method) => asRow(method, null, [])),
  ]);
  return {
    table,
    options: {
      caption: `reported: ${model}, ${metric}; ${describeSource(source)}`,
      align: { ...(shots ? { k: "right" } : {}), ...Object.fromEntries(tasks.map((task) => [task, "right"])) },
      digits: Object.fromEntries(
        tasks.map((task, i) => [task, Math.max(...rows.map(({ cells }) => decimalsOf(cells[i])))]),
      ),
      missing: Object.fromEntries(tasks.map((task) => [task, "not found"])),
      origins: Object.fromEntries(tasks.map((task) => [task, "reported"])),
    },
  };
}

function valueOf(cell: PublishedNumber | null | undefined): CellValue {
  return cell ? publishedValue(cell) : null;
}

function decimalsOf(cell: PublishedNumber | null | undefined): number {
  return cell ? (String(cell.value).split(".")[1]?.length ?? 0) : 0;
}
