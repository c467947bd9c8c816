// The project's files, compiled for cells: what each declares, and its text as a CommonJS module. What was made once is used until the file,
// or what a file that it imports declares, has changed: a cell that imports all of src compiles a few lines.
const { createProjectFiles, hashOf, relativeImports } = require("./project-files.cjs");

/**
 * `check(files, declarationOf)` is check-files.cjs; `onChange(file)` hears of each file that declares something else now, or is gone.
 * @param {{ store: import("./protocol.cjs").Store, check: import("./protocol.cjs").Check, onChange?: (file: string) => void }} parts
 * @returns {import("./protocol.cjs").CompiledFiles}
 */
exports.createCompiledFiles = function createCompiledFiles({ store, check, onChange = () => undefined }) {
  const files = createProjectFiles();
  /** @type {Map<string, import("./protocol.cjs").Entry>} */
  const entries = new Map();

  /** @param {string} file */
  const declarationOf = (file) => entries.get(file)?.declaration;

  /**
   * @param {string} file
   * @param {import("./protocol.cjs").Entry} entry
   */
  function keep(file, entry) {
    const before = declarationOf(file);
    entries.set(file, entry);
    if (before !== undefined && before !== entry.declaration) onChange(file);
    return entry;
  }

  /**
   * The entry that belongs to a file's text, of this kernel or kept on disk; it may rest on other files as they were.
   * @param {string} file
   * @param {string} hash
   */
  function entryFor(file, hash) {
    const known = entries.get(file);
    if (known?.hash === hash) return known;
    const kept = store.read(file);
    return kept?.hash === hash ? keep(file, kept) : undefined;
  }

  /** Forgets the files that are gone. */
  function forgetMissing() {
    for (const file of [...entries.keys()]) {
      if (files.look(file) !== undefined) continue;
      entries.delete(file);
      store.forget(file);
      onChange(file);
    }
  }

  /** For each file, what it and all that it refers to declare, as one hash: equal hashes mean the same to who imports the file. */
  function shapes() {
    const referred = new Map(
      [...entries].map(([file, { declares }]) => [
        file,
        declares.flatMap((name) => files.resolve(name, file).source ?? []).filter((source) => entries.has(source)),
      ]),
    );
    return (/** @type {string} */ file) => {
      const seen = new Set([file]);
      for (const each of seen) for (const next of referred.get(each) ?? []) seen.add(next);
      return hashOf(...[...seen].sort().map((each) => `${each} ${entries.get(each)?.declared}`));
    };
  }

  /**
   * What each name that a file imports means now.
   * @param {import("./protocol.cjs").Present["imports"]} imports
   * @param {(file: string) => string} shapeOf
   */
  function usesOf(imports, shapeOf) {
    /** @type {Record<string, string>} */
    const uses = {};
    for (const [name, { source, other }] of imports)
      uses[name] = source !== undefined ? shapeOf(source) : other !== undefined ? (files.look(other)?.hash ?? "") : "";
    return uses;
  }

  /**
   * @param {readonly string[]} stale
   * @param {ReadonlyMap<string, import("./protocol.cjs").Present>} present
   * @param {Map<string, readonly import("@tslab/typescript-for-tslab").Diagnostic[]>} diagnostics hears of each file
   */
  function compile(stale, present, diagnostics) {
    for (const [file, { diagnostics: found, ...compiled }] of check(stale, declarationOf)) {
      const { hash, imports } = /** @type {import("./protocol.cjs").Present} */ (present.get(file));
      diagnostics.set(file, found);
      keep(file, {
        ...compiled,
        hash,
        imports: [...imports.keys()],
        declared: hashOf(compiled.declaration),
        declares: relativeImports(compiled.declaration),
        wrong: found.length > 0,
      });
    }
  }

  /**
   * The files whose imports mean something else than when they were compiled; what was compiled just now is written down.
   * @param {ReadonlyMap<string, import("./protocol.cjs").Present>} present
   */
  function overtaken(present) {
    const shapeOf = shapes();
    /** @type {Map<string, string>} */
    const memo = new Map();
    /** @param {string} file */
    const shape = (file) => {
      const known = memo.get(file) ?? shapeOf(file);
      memo.set(file, known);
      return known;
    };
    return [...present].flatMap(([file, { imports }]) => {
      const entry = /** @type {import("./protocol.cjs").Entry} */ (entries.get(file));
      const uses = usesOf(imports, shape);
      const { uses: before } = entry;
      if (before !== undefined) return Object.keys(uses).every((name) => uses[name] === before[name]) ? [] : [file];
      entry.uses = uses;
      if (!entry.wrong) store.write(file, entry);
      return [];
    });
  }

  return {
    /** What a file declares, as it was last compiled; undefined for a file that never was. */
    declarationOf,
    /** A file's module, { js, map }, likewise. */
    moduleOf: (file) => entries.get(file),
    resolve: files.resolve,
    /**
     * Compiles what is not up to date of the files behind a text that lies in `place`.
     * @returns the diagnostics of the files that are wrong; those are compiled again at each call
     */
    bringUpToDate(text, place) {
      forgetMissing();
      const roots = relativeImports(text).flatMap(
        (/** @type {string} */ name) => files.resolve(name, place).source ?? [],
      );
      const present = files.behind(
        roots,
        (/** @type {string} */ file, /** @type {{ readonly hash: string }} */ { hash }) =>
          entryFor(file, hash)?.imports,
      );
      /** @type {Map<string, readonly import("@tslab/typescript-for-tslab").Diagnostic[]>} */
      const diagnostics = new Map();
      let stale = [...present]
        .filter(([file, { hash }]) => entryFor(file, hash)?.wrong !== false)
        .map(([file]) => file);
      do {
        if (stale.length > 0) compile(stale, present, diagnostics);
        stale = overtaken(present);
      } while (stale.length > 0);
      return [...diagnostics.values()].flat();
    },
  };
};
