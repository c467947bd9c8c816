// What the cells have declared so far, as the compiler is shown it before the next one. A cell that ends well hands on all that it declares, one
// that fails what it had made until then: its other names mean what they meant before it.
/** @type {typeof import("@tslab/typescript-for-tslab")} */
const ts = require("@tslab/typescript-for-tslab");

/**
 * The names that a cell's compiled text gives to later cells, and perhaps a few more.
 * @param {string} output
 */
const givenBy = (output) =>
  new Set([
    ...[...output.matchAll(/\bexports\.([\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*) = /gu)].flatMap(
      ([, name]) => name ?? [],
    ),
    ...[...output.matchAll(/\bdefineProperty\(exports, "([^"]+)"/g)].flatMap(([, name]) => name ?? []),
  ]);

/**
 * One statement of declarations with only the names that are kept, or "".
 * @param {import("@tslab/typescript-for-tslab").Statement} statement
 * @param {import("@tslab/typescript-for-tslab").SourceFile} source
 * @param {(name: string) => boolean} isKept
 */
function partOf(statement, source, isKept) {
  const text = source.text.slice(statement.getStart(source), statement.end);
  if (ts.isVariableStatement(statement)) {
    const { declarations } = statement.declarationList;
    const start = source.text.slice(statement.getStart(source), declarations[0]?.getStart(source));
    return declarations
      .filter(({ name }) => ts.isIdentifier(name) && isKept(name.text)) // declarations name one thing each
      .map((declaration) => `${start}${source.text.slice(declaration.getStart(source), declaration.end)};`)
      .join("\n");
  }
  if (ts.isImportDeclaration(statement) && statement.importClause !== undefined) {
    const { name, namedBindings, isTypeOnly } = statement.importClause;
    const all = namedBindings !== undefined && ts.isNamespaceImport(namedBindings) ? namedBindings : undefined;
    const those = namedBindings !== undefined && ts.isNamedImports(namedBindings) ? [...namedBindings.elements] : [];
    const some = those.filter((each) => isKept(each.name.text));
    const parts = [
      ...(name !== undefined && isKept(name.text) ? [name.text] : []),
      ...(all !== undefined && isKept(all.name.text) ? [`* as ${all.name.text}`] : []),
      ...(some.length > 0 ? [`{ ${some.map((each) => each.getText(source)).join(", ")} }`] : []),
    ];
    const from = statement.moduleSpecifier.getText(source);
    return parts.length === 0 ? "" : `import ${isTypeOnly ? "type " : ""}${parts.join(", ")} from ${from};`;
  }
  const isValue =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement) ||
    ts.isModuleDeclaration(statement);
  return isValue && !isKept(statement.name?.text ?? "") ? "" : text;
}

/**
 * @param {import("@tslab/typescript-for-tslab").Statement} statement
 * @returns {statement is import("@tslab/typescript-for-tslab").InterfaceDeclaration | import("@tslab/typescript-for-tslab").TypeAliasDeclaration}
 */
const isType = (statement) => ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);

/**
 * Declarations of which only some names are kept.
 * @param {string} text
 * @param {(name: string) => boolean} isKept of values
 * @param {(name: string) => boolean} isKeptType
 */
function partsOf(text, isKept, isKeptType) {
  const source = ts.createSourceFile("cells.d.ts", text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  return source.statements
    .filter((statement) => !isType(statement) || isKeptType(statement.name.text))
    .map((statement) => partOf(statement, source, isKept))
    .filter((part) => part !== "");
}

/**
 * @param {string} before
 * @param {string} after
 * @param {ReadonlySet<string>} unmade
 */
function afterFailure(before, after, unmade) {
  const made = partsOf(
    after,
    (name) => !unmade.has(name),
    () => true,
  );
  const had = partsOf(
    before,
    (name) => unmade.has(name),
    (name) => unmade.has(name),
  );
  return [...made, ...had.filter((part) => !made.includes(part))].join("\n");
}

/**
 * `valuesOfCells()` is the object whose properties are the variables of all cells.
 * @param {() => Record<string, unknown>} valuesOfCells
 */
exports.createDeclarations = function createDeclarations(valuesOfCells) {
  let text = "";
  /** @type {{ declared: string, values: Map<string, { had: boolean, value: unknown }> } | undefined} */
  let running;

  return {
    /** What a cell may use. */
    text: () => text,
    /**
     * A cell was compiled and is about to run.
     * @param {string} declared what the compiler says of it and of what stays of the cells before
     * @param {string} output its compiled text
     */
    begin(declared, output) {
      const held = valuesOfCells();
      const values = [...givenBy(output)].map((name) => {
        const had = Object.hasOwn(held, name);
        return /** @type {const} */ ([name, { had, value: had ? held[name] : undefined }]);
      });
      running = { declared, values: new Map(values) };
    },
    /**
     * The cell has ended, well or not.
     * @param {boolean} well
     */
    end(well) {
      if (running === undefined) return;
      const { declared, values } = running;
      running = undefined;
      if (well) return void (text = declared);
      const held = valuesOfCells();
      /** @param {readonly [string, { had: boolean, value: unknown }]} made */
      const isUnmade = ([name, { had, value }]) => !Object.hasOwn(held, name) || (had && Object.is(held[name], value));
      text = afterFailure(text, declared, new Set([...values].filter(isUnmade).map(([name]) => name)));
    },
  };
};
