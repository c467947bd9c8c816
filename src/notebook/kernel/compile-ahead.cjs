// Compiles src for cells before the first kernel needs it.
const path = require("node:path");
const { createChecker } = require("./check-files.cjs");
const { createCompiledFiles } = require("./compiled-files.cjs");
const { createStore } = require("./compiled-store.cjs");

/**
 * `onWork()` is called once where there is something to compile. Returns how many errors src has.
 * @param {string} root
 * @param {() => void} onWork
 */
exports.compileAhead = function compileAhead(root, onWork) {
  const check = createChecker(() => undefined);
  let worked = false;
  const files = createCompiledFiles({
    store: createStore(root),
    check(
      /** @type {Parameters<import("./protocol.cjs").Check>[0]} */ stale,
      /** @type {Parameters<import("./protocol.cjs").Check>[1]} */ declarationOf,
    ) {
      if (!worked) onWork();
      worked = true;
      return check(stale, declarationOf);
    },
  });
  const doors = ["index", "study", "parts"].map((door) => `import "./src/${door}";`).join("\n");
  return files.bringUpToDate(doors, path.join(root, "cell.ts")).length;
};
