// A changed file of src is run again when a cell imports it; tslab keeps the modules that import it as they were. Here they are
// handed out again too, however far up, so that a cell never sees two states of src at once.
const path = require("node:path");

/** The files that a module's compiled text requires by a relative path. */
const requiredBy = (file, text) =>
  [...text.matchAll(/\brequire\("(\.[^"]+)"\)/g)].map(([, name]) => {
    const full = path.posix.join(path.posix.dirname(file), name);
    return path.posix.extname(full) === "" ? `${full}.js` : full;
  });

/** Remembers every module; `withImporters(outputs)` adds to newly compiled modules those that import them, directly or not. */
exports.createFreshModules = function createFreshModules() {
  const modules = new Map(); // path -> { data, requires }
  return {
    withImporters(outputs) {
      const stale = outputs.filter(({ path: name }) => modules.has(name)).map(({ path: name }) => name);
      for (const { path: name, data } of outputs) modules.set(name, { data, requires: requiredBy(name, data) });
      const fresh = new Set(outputs.map(({ path: name }) => name));
      const added = [];
      while (stale.length > 0) {
        const changed = stale.pop();
        for (const [name, { data, requires }] of modules) {
          if (fresh.has(name) || !requires.includes(changed)) continue;
          fresh.add(name);
          stale.push(name);
          added.push({ path: name, data });
        }
      }
      return [...outputs, ...added];
    },
  };
};
