import { existsSync, readFileSync, readdirSync } from "node:fs";
import { posix } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { combineKinds } from "../src/estimator/combine";
import { directionKinds } from "../src/estimator/directions";
import { probeKinds } from "../src/estimator/probes";
import { recipes } from "../src/optimizer/recipes";
import { roundsKinds } from "../src/optimizer/rounds";
import { transformKinds } from "../src/optimizer/transforms";

const test = suite("parity");
const text = readFileSync("src/README.md", "utf8");
const [beforeParity, parityText] = text.split("## Parity");
const methodsText = text.split("## Add a method")[1].split("\n## ")[0];
const [roomsText, architecturesText] = beforeParity.split("## Architectures");
const cellsOf = (line: string): readonly string[] => line.split("|").slice(1, -1);
const rowsOf = (section: string): readonly (readonly string[])[] =>
  section
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map(cellsOf);
const rows = rowsOf(parityText);

interface Link {
  readonly name: string;
  /** From the project's root. */
  readonly path: string;
  readonly title: string | undefined;
}

/** The links of a cell: `[name](path "title")`. A name may hold brackets, parentheses and code marks. */
function linksOf(cell: string): readonly Link[] {
  return [...cell.matchAll(/\[(.+?)\]\(([\w./-]+)(?: "([^"]*)")?\)/g)].map(([, name, path, title]) => ({
    name: name.replaceAll("`", ""),
    path: posix.join("src", path),
    title,
  }));
}

/** What is wrong with a link to an exported function, to a test by the words of its name, or to a section of a notebook. */
function problemOf(kind: "function" | "test" | "notebook", { name, path, title }: Link): string | null {
  if (!existsSync(path)) return `no file ${path}`;
  const content = readFileSync(path, "utf8");
  switch (kind) {
    case "function":
      return new RegExp(`^export (?:async )?(?:function|const) ${name}\\b`, "m").test(content)
        ? null
        : `${path} exports no ${name}`;
    case "test":
      return content.split("\n").some((line) => /^ *(test|given|with\w+)\(/.test(line) && line.includes(name)) ||
        content.includes(`"${name}`)
        ? null
        : `${path} has no test "${name}"`;
    case "notebook":
      return headings(content).includes(title ?? "") ? null : `${path} has no section "${title}"`;
  }
}

function headings(notebook: string): readonly string[] {
  const { cells } = JSON.parse(notebook) as {
    readonly cells: readonly { readonly cell_type: string; readonly source: string | readonly string[] }[];
  };
  return cells
    .filter(({ cell_type }) => cell_type === "markdown")
    .flatMap(({ source }) => (typeof source === "string" ? source : source.join("")).split("\n"))
    .flatMap((line) => /^#+ (.*)$/.exec(line)?.[1] ?? []);
}

test("a dead function, test, section and file are found", () => {
  const link = (name: string, path: string, title?: string): Link => ({ name, path, title });
  assert.is(problemOf("function", link("fastForward", "src/tt/contract.ts")), null);
  assert.is(problemOf("function", link("fast", "src/tt/contract.ts")), "src/tt/contract.ts exports no fast");
  assert.is(problemOf("function", link("fail", "src/nowhere.ts")), "no file src/nowhere.ts");
  assert.match(problemOf("test", link("pigs fly", "test/tt/contract.test.ts")) ?? "", 'has no test "pigs fly"');
  assert.match(problemOf("notebook", link("00", "notebooks/00-quickstart.ipynb", "Dreams")) ?? "", 'section "Dreams"');
});

test("every function, test and notebook section that the parity table names exists", () => {
  assert.ok(rows.length >= 25, `only ${rows.length} rows`);
  const problems = rows.flatMap(([equation, , functions, tests, notebook]) => {
    const found = [
      ...linksOf(functions).map((link) => problemOf("function", link)),
      ...linksOf(tests).map((link) => problemOf("test", link)),
      ...linksOf(notebook).map((link) => problemOf("notebook", link)),
    ];
    return found.flatMap((problem) => (problem === null ? [] : [`${equation.trim()}: ${problem}`]));
  });
  assert.equal(problems, []);
});

test("every row has a source, a function and a test, and a notebook section or a dash", () => {
  const incomplete = rows.filter(
    ([equation, source, functions, tests, notebook], i) =>
      rows[i].length !== 5 ||
      equation.trim() === "" ||
      source.trim() === "" ||
      linksOf(functions).length === 0 ||
      linksOf(tests).length === 0 ||
      (linksOf(notebook).length === 0 && notebook.trim() !== "-"),
  );
  assert.equal(incomplete, []);
});

test("the page on methods names each kind of each part once, no other, and every named method", () => {
  const tables = {
    directions: directionKinds,
    probe: probeKinds,
    rounds: roundsKinds,
    combine: combineKinds,
    transforms: transformKinds,
  };
  const named = rowsOf(methodsText)
    .map(([part, kind, says]) => ({ part: part.split(":")[0]!.trim(), kind: kind.trim(), says: says.trim() }))
    .filter(({ part }) => part !== "schedules");
  const wanted = Object.entries(tables).flatMap(([part, kinds]) =>
    Object.keys(kinds).map((kind) => `${part} \`${kind}\``),
  );
  assert.equal(named.map(({ part, kind }) => `${part} ${kind}`).sort(), [...wanted].sort());
  assert.equal(named.filter(({ says }) => says === ""), []); // prettier-ignore
  const compositions = /are the rows of `recipes`[^:]*:([^;]*);/.exec(methodsText)?.[1] ?? "";
  assert.equal([...compositions.matchAll(/`([\w-]+)`/g)].map(([, name]) => name), Object.keys(recipes)); // prettier-ignore
});

test("the architectures' tests exist, and their checkpoints are those that are there, each once", () => {
  const problems = linksOf(architecturesText).map((link) => problemOf("test", link));
  assert.equal(problems.filter((problem) => problem !== null), []); // prettier-ignore
  const named = rowsOf(architecturesText).flatMap(([, , checkpoints]) => checkpoints.match(/(?<=`)[\w-]+(?=`)/g) ?? []);
  const folders = readdirSync("test/fixtures/models", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.equal([...named].sort(), folders.map(({ name }) => name).sort());
});

test("the rooms are those of src, each once", () => {
  const named = [...roomsText.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  const folders = readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.equal([...named].sort(), folders.map(({ name }) => name).sort());
});

test("the README lists every named method with its title and its source", () => {
  const listed = readFileSync("README.md", "utf8").split("## The methods")[1].split("\n## ")[0].split("\n");
  for (const [name, { title, source }] of Object.entries(recipes)) {
    const line = listed.find((row) => row.includes(`\`${name}\``));
    assert.ok(line !== undefined, `no row has \`${name}\``);
    for (const words of [title, source]) assert.ok(line.includes(words), `${name}: no "${words}" in its row`);
  }
});

test.run();
