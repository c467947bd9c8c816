import { readFileSync, readdirSync } from "node:fs";
import ts from "typescript";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readNotebook, sourceOf } from "../src/notebook/notebook-file";

const test = suite("doors");

interface Exported {
  readonly name: string;
  readonly isType: boolean;
}

/** The names that a door exports. */
function exportsOf(door: string): readonly Exported[] {
  const file = `src/${door}.ts`;
  const found: Exported[] = [];
  ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest).forEachChild((node) => {
    if (!ts.isExportDeclaration(node)) return;
    const clause = node.exportClause;
    if (clause === undefined || !ts.isNamedExports(clause)) throw new Error(`${file}: a door exports by name`);
    for (const { name, isTypeOnly } of clause.elements)
      found.push({ name: name.text, isType: node.isTypeOnly || isTypeOnly });
  });
  return found;
}

const doors = { index: exportsOf("index"), study: exportsOf("study"), parts: exportsOf("parts") } as const;
const namesOf = (exported: readonly Exported[]): readonly string[] => exported.map(({ name }) => name);

/** The names that notebooks import, with the door each comes from. */
const imported = readdirSync("notebooks")
  .filter((file) => file.endsWith(".ipynb"))
  .flatMap((file) =>
    readNotebook(`notebooks/${file}`)
      .cells.filter((cell) => cell.cell_type === "code")
      .flatMap((cell) => [...sourceOf(cell).matchAll(/import (?:type )?\{([^}]*)\} from "\.\/src\/(\w+)"/g)])
      .flatMap(([, names = "", door = ""]) =>
        names.split(",").map((name) => ({ file, door, name: name.replace("type ", "").split(" as ")[0]!.trim() })),
      ),
  );

test("the first door has about forty names to remember", () => {
  const values = doors.index.filter(({ isType }) => !isType);
  assert.ok(values.length <= 45, `${values.length} names`);
});

test("no name stands at two doors", () => {
  const names = Object.values(doors).flatMap(namesOf);
  assert.equal(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
});

test("notebooks import through the doors, and each name stands at the door that they name", () => {
  const wrong = imported.filter(
    ({ door, name }) => !Object.hasOwn(doors, door) || !namesOf(doors[door as keyof typeof doors]).includes(name),
  );
  assert.equal(wrong, []);
});

test("what the door to studies exports is used by a notebook, a page or another file", () => {
  const used = new Set(imported.map(({ name }) => name));
  const pages = ["README.md", "src/README.md", "environment.md"].map((file) => readFileSync(file, "utf8")).join("\n");
  const unused = doors.study.filter(({ name, isType }) => !isType && !used.has(name) && !pages.includes(name));
  assert.equal(namesOf(unused), []);
});

test.run();
