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
 * @returns the project's files, compiled: compiled-files.cjs
 */
exports.useProjectOptions = function useProjectOptions(remember, root) {
  const id = require.resolve("@tslab/typescript-for-tslab");
  const ts = require(id);
  let watch; // the program of the cells
  const listeners = new Map(); // file -> what the compiler calls when the file has changed
  const files = createCompiledFiles({
    store: createStore(root),
    check: createChecker((name) => watch?.getCurrentProgram().getSourceFile(name)),
    onChange: (file) => listeners.get(file)?.(asDeclaration(file), kindOf(file)),
  });
  const kindOf = (file) =>
    files.declarationOf(file) === undefined ? ts.FileWatcherEventKind.Deleted : ts.FileWatcherEventKind.Changed;

  const createWatchCompilerHost = (names, theirs, ...rest) => {
    const options = { ...theirs, ...PROJECT_OPTIONS, inlineSourceMap: true, disableTopLevelAwait: false };
    const host = showDeclarations(ts.createWatchCompilerHost(names, options, ...rest), files.declarationOf);
    const { watchFile } = host;
    host.watchFile = (name, callback, ...more) => {
      const file = asSource(name);
      if (file === name || files.declarationOf(file) === undefined)
        return watchFile.call(host, name, callback, ...more);
      listeners.set(file, callback);
      return { close: () => void (listeners.get(file) === callback && listeners.delete(file)) };
    };
    return withSecondTimer(host);
  };
  watchOnDemand();
  require.cache[id].exports = {
    ...ts,
    createWatchCompilerHost,
    createWatchProgram: (host) => (watch = ts.createWatchProgram(host)),
    transpileModule: withMaps(ts.transpileModule, remember),
  };
  return files;
};
/**
 * tslab's converter has room for one timer of the compiler, the one that rebuilds. When a file is made or removed while a cell
 * runs, the compiler sets another, to look again for imports it had not found; tslab would throw. That one becomes a real timer.
 */
function withSecondTimer(host) {
  const { setTimeout: setRebuild, clearTimeout: clearRebuild } = host;
  const lookups = new Set();
  host.setTimeout = (callback, delay, ...rest) => {
    if (callback.name !== "invalidateResolutionsOfFailedLookup") return setRebuild(callback, delay, ...rest);
    const timer = setTimeout(callback, delay).unref();
    lookups.add(timer);
    return timer;
  };
  host.clearTimeout = (timer) => (lookups.delete(timer) ? clearTimeout(timer) : clearRebuild(timer));
  return host;
}
