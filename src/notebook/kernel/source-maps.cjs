// Where in the source a line of running code is. tslab compiles a cell twice (types away, then modules to CommonJS), so a place in
// it is looked up in two maps. Cells run under a name of their own; the stack of every error is written with the places found.
const { SourceMap } = require("node:module");
const fs = require("node:fs");
const path = require("node:path");
const { read, safely } = require("./describe.cjs");

/** Of a long stack, such as that of a recursion without end, the middle is left out. */
const FIRST_FRAMES = 12;
const LAST_FRAMES = 24;
const INLINE = "//# sourceMappingURL=data:application/json;base64,";
const CELL = "adazeta-cell:";

/**
 * The name of the script that a frame is in; Node's types lack it.
 * @param {import("./protocol.cjs").CallSite | undefined} site
 * @returns {string | null}
 */
const scriptOf = (site) => /** @type {any} */ (site)?.getScriptNameOrSourceURL() ?? null;

/** What tslab puts before a cell's compiled text, on its first line. */
/** @param {boolean | undefined} isAsync */
const prefixLength = (isAsync) =>
  (isAsync ? "(async function(exports, require) { " : "(function(exports, require) { ").length;

/**
 * Without the line that first makes every variable of a cell undefined: an earlier cell's variable of the same name keeps its value until
 * the new one is made.
 * @param {string} output
 */
const keepingValues = (output) =>
  output.replace(/(?<=^Object\.defineProperty\(exports, "__esModule".*\n)(?:exports\..* = void 0;\n)+/m, (lines) =>
    lines.replace(/[^\n]/g, ""),
  );

/**
 * tslab's second compilation, which keeps the maps of both; `remember(text, maps)` is called with its result, its own map first.
 * @param {typeof import("@tslab/typescript-for-tslab").transpileModule} transpileModule
 * @param {(text: string, maps: readonly (string | undefined)[]) => void} remember
 * @returns {typeof import("@tslab/typescript-for-tslab").transpileModule}
 */
exports.withMaps = (transpileModule, remember) => (input, options) => {
  const at = input.lastIndexOf(INLINE);
  const code = at < 0 ? input : input.slice(0, at);
  const compilerOptions = { ...options.compilerOptions, sourceMap: true };
  const result = transpileModule(code, { ...options, compilerOptions });
  const outputText = keepingValues(result.outputText.slice(0, result.outputText.lastIndexOf("//# sourceMappingURL=")));
  remember(outputText, [result.sourceMapText, Buffer.from(input.slice(at + INLINE.length), "base64").toString()]);
  return { ...result, outputText };
};

/** @param {string} root */
exports.createSourceMaps = function createSourceMaps(root) {
  /** @type {Map<string, readonly (string | undefined)[]>} text that tslab compiled -> its maps, until it is known whose text it is */
  const compiled = new Map();
  /** @type {Map<string | null, import("./protocol.cjs").Find>} name of a script -> how to find a place of its source */
  const places = new Map();
  /** @type {Map<string | null, import("./protocol.cjs").Cell | undefined>} name of a cell's script -> whose outputs it makes */
  const owners = new Map();
  /** @type {WeakMap<object, import("./protocol.cjs").Cell>} */
  const ownersOfErrors = new WeakMap();
  /** @type {import("./protocol.cjs").NextCell} */
  let cell = { label: "cell", code: "", columnOf: (_line, column) => column, owner: undefined };
  /** @type {Map<string, string>} name of a cell -> its text */
  const codes = new Map();
  let cells = 0;

  /**
   * @param {readonly (string | undefined)[]} texts
   * @returns {(line: number, column: number) => readonly [number, number] | undefined}
   */
  const lookUp = (texts) => {
    /** @type {SourceMap[] | undefined} read when an error is first shown */
    let maps;
    return (line, column) => {
      maps ??= texts.map((text) => new SourceMap(JSON.parse(text ?? "")));
      let [atLine, atColumn] = [line - 1, column - 1];
      for (const map of maps) {
        const found = map.findEntry(atLine, atColumn);
        if (!("originalLine" in found)) return undefined;
        [atLine, atColumn] = [found.originalLine, found.originalColumn];
      }
      return [atLine + 1, atColumn + 1];
    };
  };

  /**
   * The source and place of a script's line and column, both from 1; undefined for what was not compiled here.
   * @param {string} script
   * @param {number} line
   * @param {number} column
   */
  const placeOf = (script, line, column) => places.get(script)?.(line, column);

  /** @param {readonly import("./protocol.cjs").CallSite[]} sites */
  function ownerOf(sites) {
    for (let at = sites.length - 1; at >= 0; at--) {
      const owner = owners.get(scriptOf(sites[at]));
      if (owner !== undefined) return owner;
    }
    return undefined;
  }

  return {
    remember: (/** @type {string} */ text, /** @type {readonly (string | undefined)[]} */ maps) =>
      void compiled.set(text, maps),
    placeOf,
    /**
     * Says which cell's code is compiled next: its name in a stack, its text, how its columns were changed, and whose outputs it makes.
     * @param {import("./protocol.cjs").NextCell} next
     */
    beginCell(next) {
      cell = next;
      codes.set(next.label, next.code);
    },
    /**
     * The text of a cell, by its name, or of a file of the project; undefined where there is none.
     * @param {string} source
     */
    textOf(source) {
      if (codes.has(source)) return codes.get(source);
      const file = path.resolve(root, source);
      return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
    },
    /**
     * Gives the modules and the cell of one conversion their names.
     * @param {import("./protocol.cjs").Converted} converted
     * @returns {import("./protocol.cjs").Converted}
     */
    name({ output, sideOutputs = [], hasToplevelAwait, ...rest }) {
      for (const { path: file, data, maps = compiled.get(data) } of sideOutputs) {
        if (maps === undefined) continue;
        const find = lookUp(maps);
        const source = path.relative(root, file).replace(/\.js$/, ".ts");
        places.set(file, (line, column) => {
          const place = find(line, column);
          return place && { source, line: place[0], column: place[1] };
        });
      }
      const maps = output === undefined ? undefined : compiled.get(output);
      compiled.clear();
      if (maps === undefined || output === undefined) return { output, sideOutputs, hasToplevelAwait, ...rest };
      const find = lookUp(maps);
      const script = `${CELL}${++cells}`;
      const { label, columnOf, owner } = cell;
      owners.set(script, owner);
      const lines = output.split("\n").length;
      places.set(script, (line, column) => {
        if (line > lines) return undefined; // what calls the cell
        const place = find(line, line === 1 ? Math.max(1, column - prefixLength(hasToplevelAwait)) : column);
        if (place === undefined || place[0] < 2) return undefined;
        const inCell = place[0] - 1; // tslab puts a line before the cell's first
        return { source: label, line: inCell, column: columnOf(inCell, place[1]) };
      });
      return { output: `${output}\n//# sourceURL=${script}`, sideOutputs, hasToplevelAwait, ...rest };
    },
    /** The cell that started what these frames are in, `await`ed frames included: the outermost one. */
    ownerOf,
    /** The cell that started what an error was made in; undefined where its stack does not say. */
    ownerOfError: (/** @type {any} any value can be thrown */ error) => (
      read(error, "stack"),
      Object(error) === error ? ownersOfErrors.get(error) : undefined
    ),
    /** Whether code of a cell, or of a file that cells import, is among these frames. */
    hasSource: (/** @type {readonly import("./protocol.cjs").CallSite[]} */ sites) =>
      sites.some((site) => places.has(scriptOf(site))),
    /** Writes the stack of every error of this process with places of the source, whole: the cell's own line is its last. */
    install() {
      Error.stackTraceLimit = Infinity;
      Error.prepareStackTrace = (error, sites) => {
        const owner = ownerOf(sites);
        if (owner !== undefined && Object(error) === error) ownersOfErrors.set(error, owner);
        const head = safely(() => Error.prototype.toString.call(error), "Error");
        /** @param {import("./protocol.cjs").CallSite} site */
        const line = (site) => `    at ${frameOf(site, placeOf)}`;
        const left = sites.length - FIRST_FRAMES - LAST_FRAMES;
        return left <= 0
          ? [head, ...sites.map(line)].join("\n")
          : [
              head,
              ...sites.slice(0, FIRST_FRAMES).map(line),
              `    ... ${left} more ...`,
              ...sites.slice(-LAST_FRAMES).map(line),
            ].join("\n");
      };
    },
  };
};

/**
 * One frame as V8 writes it, with the place of the source where it is known.
 * @param {import("./protocol.cjs").CallSite} site
 * @param {(script: string, line: number, column: number) => import("./protocol.cjs").Place | undefined} placeOf
 */
function frameOf(site, placeOf) {
  const text = String(site);
  const script = scriptOf(site);
  const [line, column] = [site.getLineNumber(), site.getColumnNumber()];
  const place = script && line !== null && column !== null ? placeOf(script, line, column) : undefined;
  return place === undefined
    ? text
    : text.replace(`${script}:${line}:${column}`, `${place.source}:${place.line}:${place.column}`);
}
