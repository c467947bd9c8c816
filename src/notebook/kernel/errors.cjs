// What a cell failed with, as Jupyter's ename, evalue and coloured traceback, with the lines that the user wrote.
const path = require("node:path");
const { format, inspect } = require("node:util");

const MOST_DIAGNOSTICS = 8;
const red = (text) => `\x1b[31m${text}\x1b[39m`;
const green = (text) => `\x1b[32m${text}\x1b[39m`;
const cyan = (text) => `\x1b[36m${text}\x1b[39m`;

const isError = (value) =>
  value instanceof Error || (typeof value === "object" && value !== null && typeof value.stack === "string");

/** A line of source with a mark under the column (from 1). */
const excerpt = (source, line, column) => {
  const text = source?.split("\n")[line - 1];
  const margin = `  ${line} | `;
  return text === undefined
    ? []
    : [`${green(margin)}${text}`, `${" ".repeat(margin.length + Math.max(0, column - 1))}${red("^")}`];
};

/** Frames of cells and of the project's own source, as paths from its root; of libraries only when there are no others. */
function frames(stack, root) {
  const lines = stack.split("\n").filter((line) => /^\s+at /.test(line));
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
  return own.length > 0 ? own : useful.slice(0, 3);
}

const PLACE = /(cell(?: \[\d+\])?|[^\s():]+\.ts):(\d+):(\d+)/;
const colourPlace = (frame) => frame.replace(PLACE, (text) => cyan(text));

/** The line of source that the first frame of each kind, cell and file, is at. */
function excerpts(lines, textOf) {
  const known = lines.map((line) => PLACE.exec(line)).filter((place) => place !== null);
  const first = known[0];
  const inCell = known.find(([, source]) => source.startsWith("cell"));
  return [...new Set([first, inCell])].flatMap((place) => {
    if (place === undefined) return [];
    const [, source, line, column] = place;
    const shown = excerpt(textOf(source), Number(line), Number(column));
    return shown.length === 0 ? [] : [`${cyan(source)}:`, ...shown];
  });
}

function describeThrown(error, { sources, root }) {
  if (!isError(error))
    return {
      ename: "Error",
      evalue: typeof error === "string" ? error : inspect(error),
      traceback: [red(`thrown: ${inspect(error)}`)],
    };
  const interrupted =
    /^Interrupted asynchronously$|interrupted by `SIGINT`/.test(error.message) || error.name === "Interrupted";
  if (interrupted) {
    const evalue = "the cell was stopped";
    return { ename: "Interrupted", evalue, traceback: [red(`Interrupted: ${evalue}`)] };
  }
  const ename = String(error.name ?? "Error");
  const evalue = String(error.message ?? error);
  const cause = isError(error.cause) ? [`caused by ${error.cause.name}: ${error.cause.message}`] : [];
  const lines = frames(String(error.stack), root);
  const [head, ...more] = evalue.split("\n");
  return {
    ename,
    evalue,
    traceback: [
      `${red(ename)}: ${head}`,
      ...more,
      ...excerpts(lines, sources.textOf),
      ...lines.map(colourPlace),
      ...cause,
    ],
  };
}

/** One diagnostic as tslab prints it: format, file and a space or nothing, line, column, text. */
function describeDiagnostic([, file, line, column, text], { code, columnOf, sources }) {
  const name = String(file).trim();
  if (name !== "")
    return { text: `${name}:${line}:${column}: ${text}`, lines: excerpt(sources.textOf(name), line, column) };
  const written = columnOf(line, column);
  return { text: `line ${line}, column ${written}: ${text}`, lines: excerpt(code, line, written) };
}

function describeDiagnostics(failures, cell) {
  const shown = failures
    .slice(0, MOST_DIAGNOSTICS)
    .map((failure) =>
      failure.length === 5 ? describeDiagnostic(failure, cell) : { text: format(...failure), lines: [] },
    );
  const more = failures.length > shown.length ? [`and ${failures.length - shown.length} more`] : [];
  const traceback = shown.flatMap(({ text, lines }) => [text, ...lines]);
  return {
    ename: "TypeScript",
    evalue: shown.map(({ text }) => text).join("\n"),
    traceback: [`${red("TypeScript")}: the cell was not run`, ...traceback, ...more],
  };
}

/** `failures` are the arguments of each call that tslab's executor made to report an error of `cell`: { code, columnOf, sources, root }. */
exports.describeFailure = function describeFailure(failures, cell) {
  const [first] = failures;
  if (first === undefined) {
    const evalue = "the cell failed without a message";
    return { ename: "Error", evalue, traceback: [red(evalue)] };
  }
  return first.length === 1 ? describeThrown(first[0], cell) : describeDiagnostics(failures, cell);
};
