// tslab's converter, which compiles a cell, with what the kernel adds around each use of it.
const path = require("node:path");
const ts = require("@tslab/typescript-for-tslab");
const { createConverter } = require("tslab/dist/converter.js");
const { createFreshModules } = require("./fresh-modules.cjs");
const { lookForChanges } = require("./watched-files.cjs");

/** A place of a file as tslab says it. */
const positionOf = (file, offset) => ({ offset, ...file.getLineAndCharacterOfPosition(offset) });

/** A diagnostic of an imported file as tslab says it. */
const described =
  (root) =>
  ({ file, start, length, messageText, category, code }) => ({
    start: positionOf(file, start),
    end: positionOf(file, start + length),
    messageText: ts.flattenDiagnosticMessageText(messageText, "\n"),
    category,
    code,
    fileName: path.relative(root, file.fileName),
  });

/**
 * `files` are the project's files, compiled (compiled-files.cjs); `compiling(body)` runs a body that must not be ended in the middle: the
 * compiler's state would be lost.
 */
exports.createKernelConverter = function createKernelConverter({ root, files, sources, compiling }) {
  const converter = createConverter({ isJS: false, isBrowser: false });
  const modules = createFreshModules(files);
  const place = path.join(root, "cell.ts");
  const prepared = (code, use) =>
    compiling(() => {
      const wrong = files.bringUpToDate(code, place);
      lookForChanges();
      return use(wrong);
    });
  return {
    ...converter,
    convert: (declarations, code) =>
      prepared(code, (wrong) => {
        if (wrong.length > 0)
          return { diagnostics: wrong.filter(({ file }) => file !== undefined).map(described(root)) };
        const converted = converter.convert(declarations, code);
        const needed = modules.neededBy(converted.output ?? "", place);
        return sources.name({ ...converted, sideOutputs: [...(converted.sideOutputs ?? []), ...needed] });
      }),
    complete: (declarations, code, ...rest) => prepared(code, () => converter.complete(declarations, code, ...rest)),
    inspect: (declarations, code, ...rest) => prepared(code, () => converter.inspect(declarations, code, ...rest)),
  };
};
