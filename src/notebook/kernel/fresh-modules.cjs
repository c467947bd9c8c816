// The modules behind a cell are handed to tslab's executor when the cell first needs them. A changed file is run again when a cell imports
// it; tslab keeps the modules that import it as they were. Here they are handed out again too, however far up, so that a cell never sees
// two states of src at once.

/**
 * The relative names that a module's compiled text requires.
 * @param {string} text
 */
const requiredBy = (text) => [...text.matchAll(/\brequire\("(\.[^"]+)"\)/g)].flatMap(([, name]) => name ?? []);
/** @param {string} file */
const asModule = (file) => file.replace(/\.ts$/, ".js");

/**
 * `files` are the project's files, compiled (compiled-files.cjs).
 * @param {import("./protocol.cjs").CompiledFiles} files
 */
exports.createFreshModules = function createFreshModules(files) {
  /** @type {Map<string, { readonly js: string, readonly requires: readonly string[] }>} */
  const handedOut = new Map();

  /**
   * @param {string} text
   * @param {string} place
   */
  const sourcesOf = (text, place) => requiredBy(text).flatMap((name) => files.resolve(name, place).source ?? []);

  /**
   * The files behind a compiled text that lies in `place`.
   * @param {string} text
   * @param {string} place
   */
  function behind(text, place) {
    const found = new Set(sourcesOf(text, place));
    for (const file of found) {
      const { js } = files.moduleOf(file) ?? {};
      if (js === undefined) found.delete(file);
      else for (const next of sourcesOf(js, file)) found.add(next);
    }
    return [...found];
  }

  return {
    /**
     * The modules that the executor lacks, or has as they were, to run a cell's compiled text.
     * @param {string} text
     * @param {string} place
     * @returns {import("./protocol.cjs").Module[]}
     */
    neededBy(text, place) {
      const changed = behind(text, place).filter((file) => handedOut.get(file)?.js !== files.moduleOf(file)?.js);
      const fresh = new Set(changed);
      for (const file of changed) {
        const js = files.moduleOf(file)?.js ?? "";
        handedOut.set(file, { js, requires: sourcesOf(js, file) });
      }
      for (const file of fresh)
        for (const [importer, { requires }] of handedOut) if (requires.includes(file)) fresh.add(importer);
      return [...fresh].map((file) => ({
        path: asModule(file),
        data: handedOut.get(file)?.js ?? "",
        maps: [files.moduleOf(file)?.map],
      }));
    },
  };
};
