// What a cell failed with, as Jupyter's ename, evalue and traceback, with frames that mean something to the reader.
const path = require("node:path");
const { format, inspect } = require("node:util");

const MOST_DIAGNOSTICS = 8;
const isError = (value) =>
  value instanceof Error || (typeof value === "object" && value !== null && typeof value.stack === "string");

/** Frames of the project's own source, as paths from its root; of libraries only when there are no others. */
function frames(stack, root) {
  const lines = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const relative = lines.map((line) =>
    line
      .replaceAll("file://", "")
      .replaceAll(`${root}${path.sep}`, "")
      // tslab runs compiled text whose line numbers are not those of the file.
      .replace(/(src\/[^\s():]+)\.js:\d+:\d+/, "$1.ts")
      .replace(/Proxy\.|^\s+/g, (text) => (text === "Proxy." ? "" : "    ")),
  );
  const noise = /node:|evalmachine|node_modules\/tslab|src\/notebook\/kernel/;
  const useful = relative.filter((line) => !noise.test(line));
  const own = useful.filter((line) => !line.includes("node_modules"));
  return own.length > 0 ? own : useful.slice(0, 3);
}

function describeThrown(error, root) {
  if (!isError(error))
    return {
      ename: "Error",
      evalue: typeof error === "string" ? error : inspect(error),
      traceback: [`thrown: ${inspect(error)}`],
    };
  const interrupted =
    /^Interrupted asynchronously$|interrupted by `SIGINT`/.test(error.message) || error.name === "Interrupted";
  if (interrupted)
    return { ename: "Interrupted", evalue: "the cell was stopped", traceback: ["Interrupted: the cell was stopped"] };
  const ename = String(error.name ?? "Error");
  const evalue = String(error.message ?? error);
  const cause = isError(error.cause) ? [`caused by ${error.cause.name}: ${error.cause.message}`] : [];
  return {
    ename,
    evalue,
    traceback: [...`${ename}: ${evalue}`.split("\n"), ...frames(String(error.stack), root), ...cause],
  };
}

/** One diagnostic as tslab prints it: format, file and a space or nothing, line, column, text. */
function describeDiagnostic([, file, line, columnOfExpanded, text], { code, columnOf }) {
  if (file !== "") return [`${String(file).trim()}:${line}:${columnOfExpanded}: ${text}`];
  const column = columnOf(line, columnOfExpanded);
  const source = code.split("\n")[line - 1];
  const excerpt = source === undefined ? [] : [`    ${source}`, `    ${" ".repeat(Math.max(0, column - 1))}^`];
  return [`line ${line}, column ${column}: ${text}`, ...excerpt];
}

function describeDiagnostics(failures, cell) {
  const shown = failures
    .slice(0, MOST_DIAGNOSTICS)
    .map((failure) => (failure.length === 5 ? describeDiagnostic(failure, cell) : [format(...failure)]));
  const more = failures.length > shown.length ? [`and ${failures.length - shown.length} more`] : [];
  const evalue = shown.map(([first]) => first).join("\n");
  return { ename: "TypeScript", evalue, traceback: ["TypeScript: the cell was not run", ...shown.flat(), ...more] };
}

/** `failures` are the arguments of each call that tslab's executor made to report an error of
 * `cell`: { code, columnOf }. */
exports.describeFailure = function describeFailure(failures, cell, root) {
  const [first] = failures;
  if (first === undefined)
    return {
      ename: "Error",
      evalue: "the cell failed without a message",
      traceback: ["the cell failed without a message"],
    };
  return first.length === 1 ? describeThrown(first[0], root) : describeDiagnostics(failures, cell);
};
