// The compiler and its parser call themselves for each level of nesting. Code that is nested more deeply than that can be is the fault of one cell.

/** @type {typeof import("@tslab/typescript-for-tslab")} */
const ts = require("@tslab/typescript-for-tslab");

/** Levels of a text's syntax tree, a long chain of calls or sums included. */
const MOST_LEVELS = 1000;

/**
 * Whether a text is nested so deeply that the compiler may not come to its end: then it is not asked about it without need, for what it
 * remembers would be lost.
 * @param {string} code
 */
exports.isTooDeep = function isTooDeep(code) {
  try {
    /** @type {import("@tslab/typescript-for-tslab").Node[]} */
    let level = [ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS)];
    for (let depth = 0; level.length > 0; depth++) {
      if (depth > MOST_LEVELS) return true;
      /** @type {import("@tslab/typescript-for-tslab").Node[]} */
      const next = [];
      for (const node of level) ts.forEachChild(node, (child) => void next.push(child));
      level = next;
    }
    return false;
  } catch {
    return true;
  }
};

/**
 * What `body` gives, with an error in words where its calls go too deep.
 * @template T
 * @param {() => T} body
 * @returns {T}
 */
exports.notTooDeep = function notTooDeep(body) {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = "the code is nested too deeply for the compiler: take it apart into several variables";
    throw Object.assign(new Error(message), { name: "TypeScript", stack: "" });
  }
};
