// The compiler is shown a file's declarations in the file's place: to the rest of a program they say all that matters, without the
// bodies. `src/check/check.ts` seems to be missing then, and `src/check/check.d.ts` to lie beside it.
/** @param {string} file */
const asDeclaration = (file) => file.replace(/\.ts$/, ".d.ts");
/** @param {string} file */
const asSource = (file) => file.replace(/\.d\.ts$/, ".ts");

exports.asDeclaration = asDeclaration;
exports.asSource = asSource;

/**
 * Changes a compiler host's view of the disk; `declarationOf(file)` is the text to show, or undefined.
 * @template {{ fileExists(name: string): boolean, readFile(name: string, encoding?: string): string | undefined }} Host
 * @param {Host} host
 * @param {(file: string) => string | undefined} declarationOf
 */
exports.showDeclarations = function showDeclarations(host, declarationOf) {
  const { fileExists, readFile } = host;
  /** @param {string} name */
  const shown = (name) => (name.endsWith(".d.ts") ? declarationOf(asSource(name)) : undefined);
  /** @param {string} name */
  const hidden = (name) => name.endsWith(".ts") && declarationOf(name) !== undefined;
  host.fileExists = (name) => shown(name) !== undefined || (!hidden(name) && fileExists.call(host, name));
  host.readFile = (name, encoding) => shown(name) ?? readFile.call(host, name, encoding);
  return host;
};
