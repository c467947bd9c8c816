// tslab's converter, which compiles a cell, with what the kernel adds around each use of it.
const path = require("node:path");
const ts = require("@tslab/typescript-for-tslab");
const { createConverter } = require("tslab/dist/converter.js");
const { createFreshModules } = require("./fresh-modules.cjs");
const { importCompletion } = require("./import-completion.cjs");
const { notTooDeep } = require("./too-deep.cjs");
const { awaitsAtTop } = require("./top-level-await.cjs");
const { lookForChanges } = require("./watched-files.cjs");

const KIND = { isJS: false, isBrowser: false };

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
 * `files` are the project's files, compiled (compiled-files.cjs); `declarations` what the cells have declared (declarations.cjs), which the
 * executor keeps only where a cell ends well; `compiling(body)` runs a body that must not be ended in the middle: the
 * compiler's state would be lost.
 */
exports.createKernelConverter = function createKernelConverter({ root, files, sources, declarations, compiling }) {
  let converter = createConverter(KIND);
  let broken = false;
  const modules = createFreshModules(files);
  const place = path.join(root, "cell.ts");
  const prepared = (code, use) =>
    compiling(() => {
      const wrong = files.bringUpToDate(code, place);
      renew();
      lookForChanges();
      try {
        return notTooDeep(() => use(wrong));
      } catch (error) {
        broken = true;
        throw error;
      }
    });
  /** Where the compiler has failed in the middle of its work, what it remembers is half of the old and half of the new: another takes its place. */
  function renew() {
    if (!broken) return;
    converter.close();
    converter = createConverter(KIND);
    broken = false;
  }
  const complete = (code, position) => prepared(code, () => converter.complete(declarations.text(), code, position));
  const completeImport = importCompletion(root, complete);
  return {
    addModule: (...args) => converter.addModule(...args),
    close: () => converter.close(),
    convert: (_theirs, code) =>
      prepared(code, (wrong) => {
        if (wrong.length > 0)
          return { diagnostics: wrong.filter(({ file }) => file !== undefined).map(described(root)) };
        const converted = converter.convert(declarations.text(), code);
        if (converted.output === undefined) return converted;
        const { output, declOutput } = converted;
        declarations.begin(declOutput ?? "", output);
        const needed = modules.neededBy(output, place);
        const sideOutputs = [...(converted.sideOutputs ?? []), ...needed];
        return sources.name({ ...converted, sideOutputs, hasToplevelAwait: awaitsAtTop(code) });
      }),
    complete: (_theirs, code, position) => completeImport(code, position) ?? complete(code, position),
    inspect: (_theirs, code, ...rest) => prepared(code, () => converter.inspect(declarations.text(), code, ...rest)),
  };
};
