// tslab compiles cells with options of its own (not strict, module resolution of Node 10); the project's are put in their place.

/** Must run before the first require of tslab's converter. */
exports.useProjectOptions = function useProjectOptions() {
  const id = require.resolve("@tslab/typescript-for-tslab");
  const ts = require(id);
  const options = { moduleResolution: ts.ModuleResolutionKind.Bundler, strict: true };
  const createWatchCompilerHost = (files, theirs, ...rest) =>
    ts.createWatchCompilerHost(files, { ...theirs, ...options }, ...rest);
  require.cache[id].exports = { ...ts, createWatchCompilerHost };
};
