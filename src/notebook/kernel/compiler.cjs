// tslab compiles cells with options of its own (not strict, module resolution of Node 10); the project's are put in their place.
const fs = require("node:fs");
const { withMaps } = require("./source-maps.cjs");
const { watchOnDemand } = require("./watched-files.cjs");

/** Must run before the first require of tslab's converter; `remember` is called with each compiled text and its maps. */
exports.useProjectOptions = function useProjectOptions(remember) {
  const id = require.resolve("@tslab/typescript-for-tslab");
  const ts = require(id);
  const options = { moduleResolution: ts.ModuleResolutionKind.Bundler, strict: true, inlineSourceMap: true };
  const createWatchCompilerHost = (files, theirs, ...rest) =>
    withSecondTimer(ts.createWatchCompilerHost(files, { ...theirs, ...options }, ...rest));
  watchOnDemand();
  require.cache[id].exports = {
    ...ts,
    createWatchCompilerHost,
    getPreEmitDiagnosticsOfFiles: checkEachFileOnce(ts),
    transpileModule: withMaps(ts.transpileModule, remember),
  };
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

/**
 * tslab checks every file behind a cell's imports again for every cell, about a second each time for all of src. A file that had no
 * errors is not checked again until any file has changed or gone: then all are, because an error shows where a name is used.
 */
function checkEachFileOnce(ts) {
  const clean = new Map(); // file name -> the text that was checked
  return (program, [cell, ...imported], token) => {
    const changed = imported.some(({ fileName, text }) => clean.has(fileName) && clean.get(fileName) !== text);
    if (changed || [...clean.keys()].some((name) => !fs.existsSync(name))) clean.clear();
    const unchecked = imported.filter(({ fileName }) => !clean.has(fileName));
    const diagnostics = ts.getPreEmitDiagnosticsOfFiles(program, [cell, ...unchecked], token);
    const wrong = new Set(diagnostics.map(({ file }) => file));
    for (const file of unchecked) if (!wrong.has(file)) clean.set(file.fileName, file.text);
    return diagnostics;
  };
}
