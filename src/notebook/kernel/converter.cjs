// tslab's converter, which compiles a cell and what it imports, with what the kernel adds around each use of it.
const { createConverter } = require("tslab/dist/converter.js");
const { createFreshModules } = require("./fresh-modules.cjs");
const { lookForChanges } = require("./watched-files.cjs");

/** `compiling(body)` runs a body that must not be ended in the middle: the compiler's state would be lost. */
exports.createKernelConverter = function createKernelConverter(sources, compiling) {
  const converter = createConverter({ isJS: false, isBrowser: false });
  const modules = createFreshModules();
  const guarded = (use) => compiling(() => (lookForChanges(), use()));
  return {
    ...converter,
    convert: (declarations, code) =>
      guarded(() => {
        const { sideOutputs, ...converted } = converter.convert(declarations, code);
        return sources.name({ ...converted, sideOutputs: sideOutputs && modules.withImporters(sideOutputs) });
      }),
    complete: (...args) => guarded(() => converter.complete(...args)),
    inspect: (...args) => guarded(() => converter.inspect(...args)),
  };
};
