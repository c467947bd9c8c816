// tslab's converter, which compiles a cell, with what the kernel adds around each use of it.
const path = require("node:path");
/** @type {typeof import("@tslab/typescript-for-tslab")} */
const ts = require("@tslab/typescript-for-tslab");
const { createConverter } = require("tslab/dist/converter.js");
const { createFreshModules } = require("./fresh-modules.cjs");
const { importCompletion } = require("./import-completion.cjs");
const { notTooDeep } = require("./too-deep.cjs");
const { awaitsAtTop } = require("./top-level-await.cjs");
const { lookForChanges } = require("./watched-files.cjs");

const KIND = { isJS: false, isBrowser: false };

/**
 * A place of a file as tslab says it.
 * @param {import("@tslab/typescript-for-tslab").SourceFile} file
 * @param {number} offset
 */
const positionOf = (file, offset) => ({ offset, ...file.getLineAndCharacterOfPosition(offset) });

/**
 * A diagnostic of an imported file as tslab says it; none of what has no file.
 * @param {string} root
 * @returns {(diagnostic: import("@tslab/typescript-for-tslab").Diagnostic) => import("tslab/dist/converter").Diagnostic[]}
 */
const described =
  (root) =>
  ({ file, start = 0, length = 0, messageText, category, code }) =>
    file === undefined
      ? []
      : [
          {
            start: positionOf(file, start),
            end: positionOf(file, start + length),
            messageText: ts.flattenDiagnosticMessageText(messageText, "\n"),
            category,
            code,
            fileName: path.relative(root, file.fileName),
          },
        ];

/**
 * `files` are the project's files, compiled (compiled-files.cjs); `declarations` what the cells have declared (declarations.cjs), which the
 * executor keeps only where a cell ends well; `compiling(body)` runs a body that must not be ended in the middle: the
 * compiler's state would be lost.
 * @param {{ root: string, files: import("./protocol.cjs").CompiledFiles, sources: import("./protocol.cjs").Sources, declarations: import("./protocol.cjs").Declarations, compiling: <T>(body: () => T) => T }} parts
 * @returns {import("tslab/dist/converter").Converter}
 */
exports.createKernelConverter = function createKernelConverter({ root, files, sources, declarations, compiling }) {
  let converter = createConverter(KIND);
  let broken = false;
  const modules = createFreshModules(files);
  const place = path.join(root, "cell.ts");
  /**
   * @template Result
   * @param {string} code
   * @param {(wrong: readonly import("@tslab/typescript-for-tslab").Diagnostic[]) => Result} use
   * @returns {Result}
   */
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
  /**
   * @param {string} code
   * @param {number} position
   */
  const complete = (code, position) => prepared(code, () => converter.complete(declarations.text(), code, position));
  const completeImport = importCompletion(root, complete);
  return {
    addModule: (name, content, meta) => converter.addModule(name, content, meta),
    close: () => converter.close(),
    convert: (_theirs, code) =>
      prepared(code, (wrong) => {
        if (wrong.length > 0) return { diagnostics: wrong.flatMap(described(root)) };
        const converted = converter.convert(declarations.text(), code);
        if (converted.output === undefined) return converted;
        const { output, declOutput } = converted;
        declarations.begin(declOutput ?? "", output);
        const needed = modules.neededBy(output, place);
        const sideOutputs = [...(converted.sideOutputs ?? []), ...needed];
        return sources.name({ ...converted, sideOutputs, hasToplevelAwait: awaitsAtTop(code) });
      }),
    complete: (_theirs, code, position) => completeImport(code, position) ?? complete(code, position),
    inspect: (_theirs, code, position) => prepared(code, () => converter.inspect(declarations.text(), code, position)),
  };
};
