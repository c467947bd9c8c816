// Checks some files of the project and compiles them; the files around them are taken from their declarations.
/** @type {typeof import("@tslab/typescript-for-tslab")} */
const ts = require("@tslab/typescript-for-tslab");
const { showDeclarations } = require("./shown-declarations.cjs");

/** As tsconfig.json has it, in the words of the compiler's interface. */
const PROJECT_OPTIONS = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2022.d.ts"],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  strict: true,
  esModuleInterop: true,
  resolveJsonModule: true,
  skipLibCheck: true,
  types: ["node"],
};
exports.PROJECT_OPTIONS = PROJECT_OPTIONS;

/** Cells run CommonJS modules. */
const OPTIONS = {
  ...PROJECT_OPTIONS,
  module: ts.ModuleKind.CommonJS,
  noImplicitUseStrict: true,
  declaration: true,
  sourceMap: true,
};

/** A parsed file may serve several programs where none of its own imports can mean different files in them. */
/** @param {string} name */
const isShared = (name) => name.includes("/node_modules/");
/** @param {string} js */
const withoutMapComment = (js) => js.slice(0, js.lastIndexOf("//# sourceMappingURL="));

/**
 * `library(name)` is a parsed file of an installed package that is already there, if one is. The checker takes names of files, and what
 * each other file declares, and gives for each file { declaration, js, map, diagnostics }.
 * @param {(name: string) => import("@tslab/typescript-for-tslab").SourceFile | undefined} library
 * @returns {import("./protocol.cjs").Check}
 */
exports.createChecker = (library) => (files, declarationOf) => {
  const checked = new Set(files);
  const host = ts.createCompilerHost(OPTIONS);
  showDeclarations(host, (/** @type {string} */ file) => (checked.has(file) ? undefined : declarationOf(file)));
  const parse = host.getSourceFile;
  host.getSourceFile = (/** @type {string} */ name, /** @type {any[]} the compiler's own, handed on */ ...rest) =>
    (isShared(name) ? library(name) : undefined) ??
    parse.apply(host, /** @type {Parameters<typeof parse>} */ ([name, ...rest]));
  const program = ts.createProgram([...files], OPTIONS, host);
  /** @param {string} file */
  const compiled = (/** @type {string} */ file) => {
    const source = program.getSourceFile(file);
    const diagnostics = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
      ...program.getDeclarationDiagnostics(source),
    ];
    /** @type {Map<string | undefined, string>} */
    const texts = new Map();
    program.emit(
      source,
      (/** @type {string} */ name, /** @type {string} */ text) =>
        void texts.set(/\.(d\.ts|js|js\.map)$/.exec(name)?.[1], text),
    );
    return {
      declaration: texts.get("d.ts") ?? "",
      js: withoutMapComment(texts.get("js") ?? ""),
      map: texts.get("js.map"),
      diagnostics,
    };
  };
  return new Map(files.map((file) => [file, compiled(file)]));
};
