// Where a cell waits. An error that is made while no code of the cell is at work (in a stream, a socket, another thread) has no frame of the
// cell in its stack. So the cell notes, before each statement of its own body that awaits, the place of that `await`.
/** @type {typeof import("@tslab/typescript-for-tslab")} */
const ts = require("@tslab/typescript-for-tslab");

/** The variable of the cells that holds the newest place: "line:column". */
const NAME = "__awaitsAt__";
exports.AWAITS_AT = NAME;

/** @param {import("@tslab/typescript-for-tslab").Node} node */
const runsLater = (node) =>
  ts.isFunctionLike(node) || ts.isPropertyDeclaration(node) || ts.isClassStaticBlockDeclaration(node);
exports.runsLater = runsLater;

/** @param {import("@tslab/typescript-for-tslab").Node} node */
const holdsStatements = (node) => ts.isSourceFile(node) || ts.isBlock(node) || ts.isCaseOrDefaultClause(node);

/**
 * What is to be put into a cell's text: { start, text }.
 * @param {import("@tslab/typescript-for-tslab").SourceFile} source the cell, parsed as a module
 */
exports.awaitPlaces = function awaitPlaces(source) {
  /** @type {Map<import("@tslab/typescript-for-tslab").Node, number>} */
  const found = new Map(); // statement -> position of its first await
  /** @type {{ node: import("@tslab/typescript-for-tslab").Node, statement: import("@tslab/typescript-for-tslab").Node | undefined }[]} */
  const waiting = [{ node: source, statement: undefined }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, statement } = next;
    const awaits = ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined);
    if (awaits && statement !== undefined) {
      const at = node.getStart(source);
      found.set(statement, Math.min(at, found.get(statement) ?? at));
    }
    if (runsLater(node)) continue;
    const holds = holdsStatements(node);
    ts.forEachChild(node, (child) => {
      waiting.push({ node: child, statement: holds && ts.isStatement(child) ? child : statement });
    });
  }
  return [...found].map(([statement, at]) => {
    const { line, character } = source.getLineAndCharacterOfPosition(at);
    return { start: statement.getStart(source), text: `exports.${NAME} = "${line + 1}:${character + 1}"; ` };
  });
};
