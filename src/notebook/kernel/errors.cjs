// What a cell failed with, as Jupyter's ename, evalue and coloured traceback, with the lines that the user wrote.
const path = require("node:path");
const { format } = require("node:util");
const { asText, cut, describe, isError, read, safely } = require("./describe.cjs");
const { hintFor } = require("./hints.cjs");

const MOST_DIAGNOSTICS = 8;
/** Of errors that one error names: its causes, and those that it was made of. */
const MOST_NAMED = 5;
const MOST_MESSAGE = 20_000;
/** A line that is longer is shown in part, and not marked beyond. */
const MOST_MARKED = 1000;
/** Where a frame is: a cell or a file, line and column. */
const PLACE = /(cell(?: \[\d+\])?|[^\s():]+\.[cm]?[jt]s):(\d+):(\d+)/;
/** @param {string} text */
const red = (text) => `\x1b[31m${text}\x1b[39m`;
/** @param {string} text */
const green = (text) => `\x1b[32m${text}\x1b[39m`;
/** @param {string} text */
const cyan = (text) => `\x1b[36m${text}\x1b[39m`;

/**
 * A line of source with a mark under the column (from 1).
 * @param {string | undefined} source
 * @param {number} line
 * @param {number} column
 */
const excerpt = (source, line, column) => {
  const text = source?.split("\n")[line - 1]?.slice(0, MOST_MARKED);
  const margin = `  ${line} | `;
  return text === undefined || column > MOST_MARKED
    ? []
    : [`${green(margin)}${text}`, `${" ".repeat(margin.length + Math.max(0, column - 1))}${red("^")}`];
};

/**
 * Frames of cells and of the project's own source, as paths from its root; of libraries only when there are no others.
 * @param {string} stack
 * @param {string} root
 */
function frames(stack, root) {
  const lines = stack.split("\n").filter((line) => /^\s+(at |\.\.\. \d+ more \.\.\.$)/.test(line));
  const relative = lines.map((line) =>
    line
      .replaceAll("file://", "")
      .replaceAll(`${root}${path.sep}`, "")
      .replace(/^\s+/, "    ")
      // tslab calls cells through proxies, and names a cell's outermost function by where it was compiled.
      .replace("Proxy.", "")
      .replace(/at (async )?(?:evalmachine\S*|<anonymous>) \((.*)\)$/, "at $1$2"),
  );
  const noise =
    /node:|evalmachine|adazeta-cell|\(<anonymous>\)|at <anonymous>|node_modules\/tslab|src\/notebook\/kernel\b/;
  const useful = relative.filter((line) => !noise.test(line));
  const own = useful.filter((line) => !line.includes("node_modules"));
  return collapsed(own.some((line) => PLACE.test(line)) ? own : useful.filter((line) => PLACE.test(line)).slice(0, 3));
}

/**
 * Frames with the calls of a recursion said once, and how many of them there are.
 * @param {readonly string[]} lines
 */
function collapsed(lines) {
  /** @type {[string | undefined, number][]} a line, and how often */
  const groups = [];
  for (const line of lines) {
    const left = /^\s+\.\.\. (\d+) more/.exec(line);
    const last = groups.at(-1);
    if (last !== undefined && last[0] === line) last[1] += 1;
    else if (left !== null) groups.push([undefined, Number(left[1])]);
    else groups.push([line, 1]);
  }
  return groups.flatMap(([line, count]) => {
    if (line === undefined) return [`    ... ${count} more ...`];
    return count < 4
      ? Array.from({ length: count }, () => line)
      : [line, `    ... the same ${count - 1} more times ...`];
  });
}

/** @param {string} frame */
const colourPlace = (frame) => frame.replace(PLACE, (text) => cyan(text));

/**
 * The place that a frame is at, if it is at one.
 * @param {string} frame
 */
const placesIn = (frame) => {
  const [text, source, line, column] = PLACE.exec(frame) ?? [];
  return text === undefined || source === undefined
    ? []
    : [{ text, source, line: Number(line), column: Number(column) }];
};

/**
 * The lines of source of the frame where it happened, and of the cell that was run: the last one of a cell.
 * @param {readonly string[]} lines
 * @param {import("./protocol.cjs").Told["sources"]["textOf"]} textOf
 */
function excerpts(lines, textOf) {
  const known = lines.flatMap(placesIn);
  const first = known[0];
  const inCell = [...known].reverse().find(({ source }) => source.startsWith("cell"));
  const shownOnce = inCell === undefined || inCell.text === first?.text ? [first] : [first, inCell];
  return shownOnce.flatMap((place) => {
    if (place === undefined) return [];
    const { source, line, column } = place;
    const shown = excerpt(
      safely(() => textOf(source), undefined),
      line,
      column,
    );
    return shown.length === 0 ? [] : [`${cyan(source)}:`, ...shown];
  });
}

/**
 * An error in one line.
 * @param {unknown} error
 */
const inOneLine = (error) =>
  isError(error)
    ? `${asText(read(error, "name"), "Error")}: ${asText(read(error, "message"), "")}`.split("\n")[0]
    : describe(error).split("\n")[0];

/**
 * The errors that an error names, in one line each: its causes, each with its own, and those that it was made of.
 * @param {unknown} error
 */
function named(error) {
  /** @type {string[]} */
  const lines = [];
  const seen = new Set([error]);
  for (
    let cause = read(error, "cause");
    cause !== undefined && lines.length < MOST_NAMED;
    cause = read(cause, "cause")
  ) {
    if (seen.has(cause)) break;
    seen.add(cause);
    lines.push(`caused by ${inOneLine(cause)}`);
  }
  const parts = read(error, "errors");
  if (!safely(() => Array.isArray(parts), false)) return lines;
  const count = Number(safely(() => parts.length, 0));
  for (let at = 0; at < Math.min(count, MOST_NAMED); at++) lines.push(`errors[${at}]: ${inOneLine(read(parts, at))}`);
  return count > MOST_NAMED ? [...lines, `and ${count - MOST_NAMED} more`] : lines;
}

/**
 * @param {unknown} error
 * @param {Pick<import("./protocol.cjs").Told, "sources" | "root" | "label" | "awaitsAt">} about
 * @returns {import("./protocol.cjs").Failure}
 */
function describeThrown(error, { sources, root, label, awaitsAt }) {
  if (!isError(error)) {
    const text = describe(error);
    return {
      ename: "Error",
      evalue: cut(typeof error === "string" ? error : text, MOST_MESSAGE),
      traceback: [red(`thrown: ${text}`)],
    };
  }
  const ename = asText(read(error, "name"), "Error");
  const evalue = cut(asText(read(error, "message"), ""), MOST_MESSAGE);
  const interrupted = /^Interrupted asynchronously$|interrupted by `SIGINT`/.test(evalue) || ename === "Interrupted";
  if (interrupted) return INTERRUPTED;
  const known = frames(asText(read(error, "stack"), ""), root);
  const isOfCell = known.some((line) => PLACE.exec(line)?.[1].startsWith("cell"));
  const lines = isOfCell || typeof awaitsAt !== "string" ? known : [...known, `    at async ${label}:${awaitsAt}`];
  const [head, ...more] = evalue.split("\n");
  return {
    ename,
    evalue,
    traceback: [
      `${red(ename)}: ${head}`,
      ...more,
      ...excerpts(lines, sources.textOf),
      ...lines.map(colourPlace),
      ...named(error),
    ],
  };
}

/**
 * One diagnostic as tslab prints it: format, file and a space or nothing, line, column, text.
 * @param {readonly unknown[]} failure
 * @param {import("./protocol.cjs").Told} cell
 */
function describeDiagnostic([, file, ...rest], { code, columnOf, sources }) {
  const name = String(file).trim();
  const [line, column] = [Number(rest[0]), Number(rest[1])];
  const text = String(rest[2]);
  if (name !== "")
    return { text: `${name}:${line}:${column}: ${text}`, lines: excerpt(sources.textOf(name), line, column) };
  const written = columnOf(line, column);
  return { text: `line ${line}, column ${written}: ${text}`, lines: excerpt(code, line, written) };
}

/**
 * @param {readonly (readonly unknown[])[]} all
 * @param {import("./protocol.cjs").Told} cell
 * @returns {import("./protocol.cjs").Failure}
 */
function describeDiagnostics(all, cell) {
  const hint = hintFor(cell.code);
  /** @param {readonly unknown[]} failure */
  const isCovered = ([, file, line]) => String(file).trim() === "" && hint?.covers(Number(line)) === true;
  const failures = all.filter((failure) => failure.length !== 5 || !isCovered(failure));
  const shown = failures
    .slice(0, MOST_DIAGNOSTICS)
    .map((failure) =>
      failure.length === 5 ? describeDiagnostic(failure, cell) : { text: format(...failure), lines: [] },
    );
  const hints = hint === undefined ? [] : [hint.text];
  const more = failures.length > shown.length ? [`and ${failures.length - shown.length} more`] : [];
  const traceback = shown.flatMap(({ text, lines }) => [text, ...lines]);
  return {
    ename: "TypeScript",
    evalue: [...hints, ...shown.map(({ text }) => text)].join("\n"),
    traceback: [`${red("TypeScript")}: the cell was not run`, ...hints, ...traceback, ...more],
  };
}

/** What a cell is answered that was stopped. */
const INTERRUPTED = {
  ename: "Interrupted",
  evalue: "the cell was stopped",
  traceback: [red("Interrupted: the cell was stopped")],
};
exports.INTERRUPTED = INTERRUPTED;

/**
 * What a cell failed with. Never throws.
 * @param {readonly (readonly unknown[])[]} failures the arguments of each call that tslab's executor made to report an error
 * @param {import("./protocol.cjs").Told} cell
 * @returns {import("./protocol.cjs").Failure}
 */
exports.describeFailure = function describeFailure(failures, cell) {
  const [first] = failures;
  const evalue = "the cell failed, and what it failed with cannot be described";
  const otherwise = { ename: "Error", evalue, traceback: [red(evalue)] };
  if (first === undefined) return otherwise;
  return safely(
    () => (first.length === 1 ? describeThrown(first[0], cell) : describeDiagnostics(failures, cell)),
    otherwise,
  );
};
