// The project's own TypeScript files as the disk has them now: their text, and which files they import.
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
/** @type {typeof import("@tslab/typescript-for-tslab")} */
const ts = require("@tslab/typescript-for-tslab");

/** Changes whenever a file is saved; "" where there is none. */
/** @param {string} file */
const stampOf = (file) => {
  const found = fs.statSync(file, { throwIfNoEntry: false });
  return found?.isFile() ? `${found.mtimeMs} ${found.size}` : "";
};
/** @param {readonly string[]} texts */
const hashOf = (...texts) => {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length} `).update(text);
  return hash.digest("base64url");
};
/**
 * The relative names that a text imports, also in `import("...")`, and in declarations.
 * @param {string} text
 */
const relativeImports = (text) => [
  ...new Set(
    ts
      .preProcessFile(text, true, true)
      .importedFiles.map((/** @type {{ fileName: string }} */ { fileName }) => fileName)
      .filter((/** @type {string} */ name) => name.startsWith(".")),
  ),
];

exports.stampOf = stampOf;
exports.hashOf = hashOf;
exports.relativeImports = relativeImports;

/** Each look reads only files whose stamp has changed since the one before. */
exports.createProjectFiles = function createProjectFiles() {
  /** @type {Map<string, { stamp: string, text: string, hash: string, imports: readonly string[] | undefined }>} */
  const read = new Map(); // file -> { stamp, text, hash, imports }

  /**
   * The file as it is now, or undefined.
   * @param {string} file
   */
  function look(file) {
    const stamp = stampOf(file);
    const known = read.get(file);
    if (known?.stamp === stamp) return known;
    if (stamp === "") return void read.delete(file);
    const text = fs.readFileSync(file, "utf8");
    const hash = hashOf(text);
    const fresh = {
      stamp,
      text,
      hash,
      imports: known !== undefined && known.hash === hash ? known.imports : undefined,
    };
    read.set(file, fresh);
    return fresh;
  }

  /**
   * What a relative name in a file means: a .ts file to compile, or another file whose text matters to types, or nothing.
   * @param {string} name
   * @param {string} importer
   * @returns {import("./protocol.cjs").Target}
   */
  function resolve(name, importer) {
    const target = path.posix.join(path.posix.dirname(importer), name);
    const source = `${target}.ts`;
    if (!source.endsWith(".d.ts") && stampOf(source) !== "") return { source };
    const other = [target.replace(/\.cjs$/, ".d.cts"), target, `${target}.d.ts`].find((file) => stampOf(file) !== "");
    return other === undefined ? {} : { other };
  }

  return {
    look,
    resolve,
    /**
     * The files behind `files`, themselves included; `importsOf(file, { text, hash })` may know a text's imports already.
     * @param {readonly string[]} files
     * @param {(file: string, now: { readonly text: string, readonly hash: string }) => readonly string[] | undefined} importsOf
     */
    behind(files, importsOf) {
      /** @type {Map<string, import("./protocol.cjs").Present>} */
      const found = new Map();
      const waiting = [...files];
      for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
        const now = found.has(file) ? undefined : look(file);
        if (now === undefined) continue;
        now.imports ??= importsOf(file, now) ?? relativeImports(now.text);
        const importer = file;
        const imports = new Map(now.imports.map((name) => [name, resolve(name, importer)]));
        found.set(file, { text: now.text, hash: now.hash, imports });
        for (const { source } of imports.values()) if (source !== undefined) waiting.push(source);
      }
      return found;
    },
  };
};
