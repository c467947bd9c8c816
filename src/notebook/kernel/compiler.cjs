// tslab compiles cells with options of its own (not strict, module resolution of Node 10), all of src anew for each kernel. The project's
// options are put in their place, and what cells import is shown to it as declarations (compiled-files.cjs).
const { createChecker, PROJECT_OPTIONS } = require("./check-files.cjs");
const { createCompiledFiles } = require("./compiled-files.cjs");
const { createStore } = require("./compiled-store.cjs");
const { asDeclaration, asSource, showDeclarations } = require("./shown-declarations.cjs");
const { withMaps } = require("./source-maps.cjs");
const { watchOnDemand } = require("./watched-files.cjs");

/**
 * Must run before the first require of tslab's converter; `remember` is called with each text that tslab compiles and its maps.
 * @param {(text: string, maps: readonly (string | undefined)[]) => void} remember
 * @param {string} root
 * @returns {import("./protocol.cjs").CompiledFiles} the project's files, compiled: compiled-files.cjs
 */
exports.useProjectOptions = function useProjectOptions(remember, root) {
  const id = require.resolve("@tslab/typescript-for-tslab");
  /** @type {typeof import("@tslab/typescript-for-tslab")} */
  const ts = require(id);
  /**
   * The program of the cells as it is: `getProgram`, which the compiler's types have, would bring it up to date first.
   * @type {{ getCurrentProgram(): import("@tslab/typescript-for-tslab").EmitAndSemanticDiagnosticsBuilderProgram } | undefined}
   */
  let watch;
  /** @type {Map<string, import("@tslab/typescript-for-tslab").FileWatcherCallback>} file -> what the compiler calls when the file has changed */
  const listeners = new Map();
  const files = createCompiledFiles({
    store: createStore(root),
    check: createChecker((/** @type {string} */ name) => watch?.getCurrentProgram().getSourceFile(name)),
    onChange: (/** @type {string} */ file) => listeners.get(file)?.(asDeclaration(file), kindOf(file)),
  });
  /** @param {string} file */
  const kindOf = (file) =>
    files.declarationOf(file) === undefined ? ts.FileWatcherEventKind.Deleted : ts.FileWatcherEventKind.Changed;

  /**
   * As tslab calls it.
   * @param {string[]} names
   * @param {import("@tslab/typescript-for-tslab").CompilerOptions | undefined} theirs
   * @param {import("@tslab/typescript-for-tslab").System} system
   * @param {import("@tslab/typescript-for-tslab").CreateProgram<import("@tslab/typescript-for-tslab").EmitAndSemanticDiagnosticsBuilderProgram> | undefined} create
   * @param {[import("@tslab/typescript-for-tslab").DiagnosticReporter?, import("@tslab/typescript-for-tslab").WatchStatusReporter?]} reporters
   */
  const createWatchCompilerHost = (names, theirs, system, create, ...reporters) => {
    const options = { ...theirs, ...PROJECT_OPTIONS, inlineSourceMap: true, disableTopLevelAwait: false };
    const host = showDeclarations(
      ts.createWatchCompilerHost(names, options, system, create, ...reporters),
      files.declarationOf,
    );
    const { watchFile } = host;
    host.watchFile = (
      /** @type {string} */ name,
      /** @type {import("@tslab/typescript-for-tslab").FileWatcherCallback} */ callback,
      /** @type {[number?, import("@tslab/typescript-for-tslab").WatchOptions?]} */ ...more
    ) => {
      const file = asSource(name);
      if (file === name || files.declarationOf(file) === undefined)
        return watchFile.call(host, name, callback, ...more);
      listeners.set(file, callback);
      return { close: () => void (listeners.get(file) === callback && listeners.delete(file)) };
    };
    return withSecondTimer(host);
  };
  watchOnDemand();
  const loaded = require.cache[id];
  if (loaded === undefined) throw new Error(`${id}: expected to be loaded by now`);
  loaded.exports = {
    ...ts,
    createWatchCompilerHost,
    createWatchProgram: (
      /** @type {import("@tslab/typescript-for-tslab").WatchCompilerHostOfFilesAndCompilerOptions<import("@tslab/typescript-for-tslab").EmitAndSemanticDiagnosticsBuilderProgram>} */ host,
    ) => {
      const made = ts.createWatchProgram(host);
      watch = /** @type {any} see above */ (made);
      return made;
    },
    transpileModule: withMaps(ts.transpileModule, remember),
  };
  return files;
};

/**
 * tslab's converter has room for one timer of the compiler, the one that rebuilds. When a file is made or removed while a cell
 * runs, the compiler sets another, to look again for imports it had not found; tslab would throw. That one becomes a real timer.
 * @template {{ setTimeout?: import("./protocol.cjs").Anything, clearTimeout?: import("./protocol.cjs").Anything }} Host tslab's functions take and give objects of its own as timers
 * @param {Host} host
 */
function withSecondTimer(host) {
  const { setTimeout: setRebuild, clearTimeout: clearRebuild } = host;
  const lookups = new Set();
  host.setTimeout = (
    /** @type {() => void} */ callback,
    /** @type {number} */ delay,
    /** @type {unknown[]} */ ...rest
  ) => {
    if (callback.name !== "invalidateResolutionsOfFailedLookup") return setRebuild(callback, delay, ...rest);
    const timer = setTimeout(callback, delay).unref();
    lookups.add(timer);
    return timer;
  };
  host.clearTimeout = (/** @type {import("./protocol.cjs").Anything} */ timer) =>
    lookups.delete(timer) ? clearTimeout(timer) : clearRebuild(timer);
  return host;
}
