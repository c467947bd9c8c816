// tslab turns a use of an earlier cell's variable `steps` into `exports.steps`, but misses it in a shorthand property `{ steps }`,
// which then fails with "steps is not defined". And it turns a property's name into that where it takes a value apart whose type an earlier
// cell has declared: of `({ loss: low }) => ...` there is no such function. So the cell's text is given to it with `{ "steps": steps }` and
// `{ "loss": low }`, and with the notes of await-places.cjs.
const { awaitPlaces } = require("./await-places.cjs");
/** @type {typeof import("@tslab/typescript-for-tslab")} */
const ts = require("@tslab/typescript-for-tslab");

/**
 * Gives the name in front of the colon where a property is taken by it, or written: in text both look alike before the `=` is read.
 * @param {import("@tslab/typescript-for-tslab").Node} node
 */
const takenApart = (node) => {
  const name = ts.isBindingElement(node) ? node.propertyName : ts.isPropertyAssignment(node) ? node.name : undefined;
  return name !== undefined && ts.isIdentifier(name) ? name : undefined;
};

/**
 * Writes out each shorthand property of a cell, quotes the names by which values are taken apart, and notes where it waits.
 * @param {string} code
 * @returns {{ code: string, columnOf: (line: number, column: number) => number }} the code, and a function from a column (1-based) of a line
 * of it to the column that the user wrote
 */
exports.expandShorthand = function expandShorthand(code) {
  // Only a module's `await (x)` is parsed as one; what makes it a module stands behind the code.
  const source = ts.createSourceFile("cell.ts", `${code}\nexport {};`, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  /** @type {{ start: number, text: string }[]} */
  const names = awaitPlaces(source);
  /** @type {import("@tslab/typescript-for-tslab").Node[]} */
  const waiting = [source]; // not by recursion: a sum of many terms is as deep as it is long
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (ts.isShorthandPropertyAssignment(node))
      names.push({ start: node.name.getStart(source), text: `"${node.name.text}": ` });
    const taken = takenApart(node);
    if (taken !== undefined)
      names.push({ start: taken.getStart(source), text: '"' }, { start: taken.getEnd(), text: '"' });
    ts.forEachChild(node, (child) => void waiting.push(child));
  }
  names.sort((a, b) => a.start - b.start);
  let expanded = "";
  let end = 0;
  for (const { start, text } of names) {
    expanded += code.slice(end, start) + text;
    end = start;
  }
  const places = names.map(({ start, text }) => ({
    ...source.getLineAndCharacterOfPosition(start),
    length: text.length,
  }));
  /** @type {import("./protocol.cjs").ColumnOf} */
  const columnOf = (line, column) =>
    places
      .filter((place) => place.line === line - 1)
      .reduce(
        (found, place) => (found - 1 > place.character ? Math.max(place.character + 1, found - place.length) : found),
        column,
      );
  return { code: expanded + code.slice(end), columnOf };
};
