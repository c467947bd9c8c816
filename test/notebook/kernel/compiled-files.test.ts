import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { scratch } from "../../support/scratch";

interface Compiled {
  readonly declaration: string;
  readonly js: string;
  readonly map: string;
  readonly diagnostics: readonly string[];
}
interface CompiledFiles {
  bringUpToDate(text: string, place: string): readonly string[];
  declarationOf(file: string): string | undefined;
}
type Check = (files: readonly string[]) => ReadonlyMap<string, Compiled>;

const require = createRequire(import.meta.url);
const { createCompiledFiles } = require("../../../src/notebook/kernel/compiled-files.cjs") as {
  createCompiledFiles(parts: { store: object; check: Check; onChange?: (file: string) => void }): CompiledFiles;
};
const { createStore } = require("../../../src/notebook/kernel/compiled-store.cjs") as {
  createStore(root: string): object;
};

const test = suite("notebook/kernel/compiled-files");
const folder = scratch();
test.after(() => folder.remove());
let projects = 0;

/** A project whose compiler is a stand-in: a file declares what its comment says, and is wrong where it says so. */
function project(files: Readonly<Record<string, string>>) {
  const root = folder.file(`project-${++projects}`);
  mkdirSync(root);
  const compiled: string[][] = [];
  const changed: string[] = [];
  const nameOf = (file: string): string => path.basename(file, ".ts");
  const check: Check = (names) => {
    compiled.push(names.map(nameOf).sort());
    return new Map(
      names.map((file) => {
        const js = readFileSync(file, "utf8");
        const declaration = [...js.matchAll(/^\/\/ declares (.*)$/gm)].map(([, text]) => text).join("\n");
        return [file, { declaration, js, map: "{}", diagnostics: js.includes("wrong") ? [nameOf(file)] : [] }];
      }),
    );
  };
  const kernel = (): CompiledFiles =>
    createCompiledFiles({ store: createStore(root), check, onChange: (file) => changed.push(nameOf(file)) });
  const write = (name: string, text: string): void => writeFileSync(path.join(root, `${name}.ts`), text);
  for (const [name, text] of Object.entries(files)) write(name, text);
  return {
    root,
    kernel,
    write,
    changed,
    /** Imports `top` as a cell would: which files were compiled, round by round. */
    use(files: CompiledFiles, cell = 'import "./top";') {
      compiled.length = 0;
      const wrong = files.bringUpToDate(cell, path.join(root, "cell.ts"));
      return { rounds: [...compiled], wrong };
    },
  };
}
const chain = {
  base: "// declares base: number",
  middle: 'import "./base";\n// declares middle: number',
  side: "// declares side: number",
  top: 'import "./middle";\nimport "./side";\n// declares top: number',
};

test("everything behind a cell's imports is compiled once, also for kernels that start later", () => {
  const { kernel, use } = project(chain);
  const first = kernel();
  assert.equal(use(first).rounds, [["base", "middle", "side", "top"]]);
  assert.equal(use(first).rounds, []);
  assert.equal(use(kernel()).rounds, []);
});

test("a change inside a file compiles that file alone; one of what it declares, also those that import it", () => {
  const { kernel, use, write, changed } = project(chain);
  const files = kernel();
  use(files);
  write("base", `${chain.base}\n1 + 1;`);
  assert.equal(use(files).rounds, [["base"]]);
  assert.equal(changed, []);
  write("base", "// declares base: string");
  assert.equal(use(files).rounds, [["base"], ["middle"]], "top does not see base");
  assert.equal(changed, ["base"]);
  write("base", "// declares base: boolean");
  write("middle", 'import "./base";\n// declares middle: boolean');
  assert.equal(use(files).rounds, [["base", "middle"], ["top"]]);
});

test("what a declaration refers to counts as declared with it", () => {
  const { kernel, use, write } = project({
    ...chain,
    middle: 'import "./base";\n// declares middle: import("./base").B',
  });
  const files = kernel();
  use(files);
  write("base", "// declares base: string");
  assert.equal(use(files).rounds, [["base"], ["middle", "top"]]);
});

test("files that refer to each other settle", () => {
  const { kernel, use, write } = project({
    top: 'import "./one";',
    one: 'import "./two";\n// declares one: import("./two").Two',
    two: 'import "./one";\n// declares two: import("./one").One',
  });
  const files = kernel();
  assert.equal(use(files).rounds, [["one", "top", "two"]]);
  write("two", 'import "./one";\n// declares two: import("./one").Other');
  assert.equal(use(files).rounds, [["two"], ["one", "top"]]);
  assert.equal(use(files).rounds, []);
});

test("a wrong file is compiled again until it is right, and is not kept for later kernels", () => {
  const { kernel, use, write } = project(chain);
  const files = kernel();
  use(files);
  write("side", "wrong");
  assert.equal(use(files).wrong, ["side"]);
  assert.equal(use(files).wrong, ["side"]);
  assert.equal(use(kernel()).wrong, ["side"]);
  write("side", chain.side);
  assert.equal(use(files).wrong, []);
});

test("a file that is gone is forgotten, and its importer compiled without it; one that comes is taken up", () => {
  const { kernel, use, root, write } = project(chain);
  const files = kernel();
  use(files);
  rmSync(path.join(root, "base.ts"));
  assert.equal(use(files).rounds, [["middle"]]);
  assert.is(files.declarationOf(path.join(root, "base.ts")), undefined);
  write("base", chain.base);
  assert.equal(use(files).rounds, [["base"], ["middle"]]);
});

test("kept files that are damaged, or were made from another text, are compiled again", () => {
  const { kernel, use, root, write } = project(chain);
  use(kernel());
  writeFileSync(path.join(root, ".cache/cells/base.ts.json"), "{ not whole");
  write("side", `${chain.side}\n2;`);
  assert.equal(use(kernel()).rounds, [["base", "side"]]);
});

test("a text that imports nothing compiles nothing", () => {
  const { kernel, use } = project(chain);
  assert.equal(use(kernel(), "1 + 1").rounds, []);
});

test.run();
