// Whether a cell awaits outside of its functions: such a cell is run as the body of an async function. (tslab tells it by an error of the
// compiler's that only some forms of `await` give.)
/** @type {typeof import("@tslab/typescript-for-tslab")} */
const ts = require("@tslab/typescript-for-tslab");
const { runsLater } = require("./await-places.cjs");

/**
 * Whether code awaits in its own body: `await x` and `for await`, in any expression, declaration or block, but not in functions and
 * the parts of classes that run as one.
 * @param {string} code
 * @returns {boolean}
 */
exports.awaitsAtTop = function awaitsAtTop(code) {
  // With an import or export in it, code is a module, and only a module's `await (x)` is parsed as one.
  const source = ts.createSourceFile("cell.ts", `${code}\nexport {};`, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  /** @type {import("@tslab/typescript-for-tslab").Node[]} */
  const waiting = [source]; // not by recursion: a sum of many terms is as deep as it is long
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined)) return true;
    if (!runsLater(node)) ts.forEachChild(node, (child) => void waiting.push(child));
    else {
      const { name } = /** @type {import("@tslab/typescript-for-tslab").NamedDeclaration} */ (node);
      if (name !== undefined && ts.isComputedPropertyName(name)) waiting.push(name);
    }
  }
  return false;
};
