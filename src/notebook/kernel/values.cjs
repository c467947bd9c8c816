// What a cell's last value shows itself as: text always, and HTML for a table, or where code of src knows the kind of value
// (../value-display.ts). Bounded, and every text of it escaped.
const { cut, describe, read, safely } = require("./describe.cjs");

const MOST_ROWS = 100;
const MOST_COLUMNS = 30;
const MOST_CELL = 200;

/** @typedef {{ names: string[], rows: string[][], numeric: boolean[], size: string }} Excerpt the part of a table that is shown */

/**
 * The beginning of an arquero table, or of what answers as one; undefined for any other value.
 * @param {any} value
 * @returns {Excerpt | undefined}
 */
function excerptOf(value) {
  const asks = ["columnNames", "numRows", "numCols", "get"];
  if (typeof value !== "object" || !asks.every((/** @type {string} */ name) => typeof read(value, name) === "function"))
    return undefined;
  /** @type {string[]} */
  const all = value.columnNames().map(String);
  const names = all.slice(0, MOST_COLUMNS);
  const [rows, columns] = [value.numRows(), value.numCols()];
  const shown = Math.min(rows, MOST_ROWS);
  const held = Array.from({ length: shown }, (_, row) => names.map((name) => value.get(name, row)));
  const parts = [
    ...(shown < rows ? [`the first ${shown} rows`] : []),
    ...(names.length < columns ? [`the first ${names.length} columns`] : []),
  ];
  return {
    names,
    rows: held.map((row) => row.map(cellText)),
    numeric: names.map(
      (/** @type {string} */ _, /** @type {number} */ at) => held.length > 0 && held.every((row) => isNumber(row[at])),
    ),
    size: [`${rows} rows, ${columns} columns`, ...parts].join("; "),
  };
}

/** @param {unknown} value */
const isNumber = (value) => typeof value === "number" || typeof value === "bigint" || value === null;

/** @param {unknown} value */
function cellText(value) {
  const text = typeof value === "string" ? value : value instanceof Date ? value.toISOString() : describe(value);
  return text.length > MOST_CELL ? `${text.slice(0, MOST_CELL - 3)}...` : text;
}

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>"'$]/g, (character) => `&#${character.charCodeAt(0)};`);

/** @param {Excerpt} table */
function htmlOf({ names, rows, numeric, size }) {
  /** @param {number} at */
  const side = (at) => `text-align: ${numeric[at] ? "right" : "left"};`;
  const head = names.map((name, at) => `<th style="${side(at)}">${escaped(name)}</th>`).join("");
  /** @param {readonly string[]} row */
  const line = (row) => `<tr>${row.map((text, at) => `<td style="${side(at)}">${escaped(text)}</td>`).join("")}</tr>`;
  return [
    `<div style="overflow-x: auto;"><table>`,
    `<caption style="text-align: left; white-space: nowrap; opacity: 0.7;">${escaped(size)}</caption>`,
    `<thead><tr>${head}</tr></thead>`,
    `<tbody>\n${rows.map(line).join("\n")}\n</tbody>`,
    "</table></div>",
  ].join("\n");
}

/** @param {Excerpt} table */
function textOf({ names, rows, numeric, size }) {
  const lines = [names, ...rows].map((row) => row.map((text) => text.replace(/\s+/g, " ")));
  const widths = names.map((_, at) => Math.max(...lines.map((row) => (row[at] ?? "").length)));
  /**
   * @param {string} text
   * @param {number} at
   */
  const padded = (text, at) => (numeric[at] ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0));
  return [...lines.map((row) => row.map(padded).join("  ").trimEnd()), size].join("\n");
}

/**
 * The representations of a value by type.
 * @param {unknown} value
 * @param {{ bundleOf?: (value: unknown) => Readonly<Record<string, unknown>> | undefined }} registry
 * @returns {Record<string, unknown>}
 */
exports.bundleOf = function bundleOf(value, registry) {
  const table = safely(() => excerptOf(value), undefined);
  if (table !== undefined) return { "text/html": htmlOf(table), "text/plain": cut(textOf(table)) };
  const own = typeof value === "object" ? safely(() => registry.bundleOf?.(value), undefined) : undefined;
  return { ...own, "text/plain": typeof own?.["text/plain"] === "string" ? own["text/plain"] : describe(value) };
};
