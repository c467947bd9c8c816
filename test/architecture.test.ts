import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("architecture");

/** A room imports only from rooms before it. */
const rooms = (
  "check disk random schedule tree tt estimator optimizer ops adapter model weights text engine task export train " +
  "experiment cluster table plot notebook"
).split(" ");
/** What notebooks import from: the doors lead to every room. */
const doorsOfSrc: readonly string[] = ["src/index.ts", "src/study.ts", "src/parts.ts"];
/** Third-party libraries and the only folders that may import them. */
const doors: Readonly<Record<string, readonly string[]>> = {
  "onnxruntime-node": ["src/engine/onnx/"],
  "onnxruntime-common": ["src/engine/onnx/"],
  ...Object.fromEntries(
    ["core", "backend-cpu", "backend-wasm", "node", "node-gpu"].map((part) => [
      `@tensorflow/tfjs-${part}`,
      ["src/engine/tfjs/"],
    ]),
  ),
  arquero: ["src/table/"],
  "plotly.js": ["src/plot/"],
  "plotly.js-dist": ["src/plot/"],
  tslab: ["src/notebook/"],
  zeromq: ["src/notebook/"],
  "@huggingface/tokenizers": ["src/text/"],
  "@huggingface/jinja": ["src/text/"],
  "@huggingface/gguf": ["src/weights/"],
  "@huggingface/hub": ["src/task/", "src/weights/"],
  hyparquet: ["src/task/", "src/weights/"],
  "hyparquet-compressors": ["src/task/"],
};

/** Where the imports, re-exports, `import()` types and calls, and requires of one file lead; types count. */
function importsOf(file: string, text: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      if (ts.isStringLiteral(node.moduleSpecifier)) found.push(node.moduleSpecifier.text);
    } else if (
      ts.isImportTypeNode(node) &&
      ts.isLiteralTypeNode(node.argument) &&
      ts.isStringLiteral(node.argument.literal)
    ) {
      found.push(node.argument.literal.text);
    } else if (ts.isCallExpression(node) && node.arguments.length > 0) {
      const [argument] = node.arguments;
      const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === "require";
      if (isImport && argument !== undefined && ts.isStringLiteralLike(argument)) found.push(argument.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

/** The files of src. */
function sources(folder = "src"): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sources(name);
    return /\.(ts|cjs)$/.test(name) ? [name] : [];
  });
}

/** What every file of src imports, read once. */
const importsOfSources: ReadonlyMap<string, readonly string[]> = new Map(
  sources().map((file) => [file, importsOf(file, readFileSync(file, "utf8"))]),
);

const roomOf = (file: string): string => file.split("/")[1] ?? "";
const packageOf = (name: string): string =>
  name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");

/** What is wrong with the imports of one file of src, in words. */
function complaints(file: string, imports: readonly string[]): readonly string[] {
  const room = roomOf(file);
  return imports.flatMap((from) => {
    if (!from.startsWith(".")) {
      const door = doors[packageOf(from)];
      if (from.startsWith("node:") || door === undefined || door.some((folder) => file.startsWith(folder))) return [];
      return [`${file}: ${from} may be imported only in ${door.join(", ")}`];
    }
    const target = path.posix.join(path.posix.dirname(file), from);
    if (!target.startsWith("src/")) return [`${file}: ${from} is outside src`];
    const other = roomOf(target);
    if (other === room || doorsOfSrc.includes(file)) return [];
    if (!rooms.includes(other)) return [`${file}: ${from} is in no known room`];
    return rooms.indexOf(other) < rooms.indexOf(room)
      ? []
      : [`${file}: ${room} may not import from ${other} (${from})`];
  });
}

test("an arrow to a later room, a closed door and a deep type import are found", () => {
  const wrong = (file: string, text: string): number => complaints(file, importsOf(file, text)).length;
  assert.is(wrong("src/tree/a.ts", 'import { x } from "../check/check";'), 0);
  assert.is(wrong("src/check/a.ts", 'import type { X } from "../tree/layout";'), 1);
  assert.is(wrong("src/check/a.ts", 'export { x } from "../tree/layout";'), 1);
  assert.is(wrong("src/check/a.ts", 'type X = import("../tree/layout").Layout;'), 1);
  assert.is(wrong("src/train/a.ts", 'const ort = await import("onnxruntime-node");'), 1);
  assert.is(wrong("src/engine/onnx/worker.cjs", 'const ort = require("onnxruntime-node");'), 0);
  assert.is(wrong("src/adapter/a.ts", 'import type { Site } from "../ops/site";'), 0);
  assert.is(wrong("src/adapter/a.ts", 'import type { Model } from "../model/model";'), 1);
});

/** Where a family's name is compared: what depends on it is a field of `Model`, so that a new definition is one file. */
const asksForFamily = (text: string): boolean =>
  /\bfamily\s*[!=]==?\s*["'`]|["'`]\s*[!=]==?\s*[\w.]*\bfamily\b|\.(test|includes)\([\w.]*\bfamily\)|switch \([\w.]*\bfamily\)/.test(
    text,
  );

test("nothing asks a model for its family by name", () => {
  assert.ok(asksForFamily('model.family === "bert"') && asksForFamily('"opt" !== family'));
  assert.ok(asksForFamily("/^llama$/.test(model.family)") && asksForFamily("switch (shape.family) {"));
  assert.not(asksForFamily("`${model.family} of ${model.layers} layers`"));
  assert.equal(
    sources().filter((file) => asksForFamily(readFileSync(file, "utf8"))),
    [],
  );
});

test("every import of src goes to an earlier room, and libraries come in by their own door", () => {
  assert.equal(
    [...importsOfSources].flatMap(([file, imports]) => complaints(file, imports)),
    [],
  );
});

/** Each circle of imports among files, as the list of files on it: those that reach themselves through one another (Tarjan). */
function circles(imports: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const [order, low] = [new Map<string, number>(), new Map<string, number>()];
  const [open, found]: [string[], string[][]] = [[], []];
  const visit = (file: string): void => {
    const mine = order.size;
    order.set(file, mine);
    low.set(file, mine);
    open.push(file);
    for (const next of imports.get(file) ?? []) {
      if (!order.has(next)) visit(next);
      if (open.includes(next)) low.set(file, Math.min(low.get(file)!, low.get(next)!));
    }
    if (low.get(file) !== mine) return;
    const circle = open.splice(open.indexOf(file));
    if (circle.length > 1 || imports.get(file)?.includes(file)) found.push(circle);
  };
  for (const file of imports.keys()) visit(file);
  return found;
}

test("circles are found: two files, a file and itself, a longer way round; not a file that is reached twice", () => {
  const of = (arrows: Readonly<Record<string, readonly string[]>>) =>
    circles(new Map(Object.entries(arrows))).map((circle) => [...circle].sort());
  assert.equal(of({ a: ["b"], b: ["a"], c: ["a"] }), [["a", "b"]]);
  assert.equal(of({ a: ["a"] }), [["a"]]);
  assert.equal(of({ a: ["b"], b: ["c"], c: ["d", "a"], d: [] }), [["a", "b", "c"]]);
  assert.equal(of({ a: ["b", "c"], b: ["d"], c: ["d"], d: [] }), []);
});

test("no file of src reaches itself through its imports, those of types included", () => {
  const arrows = [...importsOfSources].map(([file, imports]): [string, readonly string[]] => [
    file,
    imports
      .filter((from) => from.startsWith("."))
      .map((from) => path.posix.join(path.posix.dirname(file), from))
      .map((target) => (importsOfSources.has(target) ? target : `${target}.ts`)),
  ]);
  assert.equal(circles(new Map(arrows)), []);
});

test("every folder of src is a known room", () => {
  const folders = readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.equal(
    folders.map((entry) => entry.name).filter((name) => !rooms.includes(name)),
    [],
  );
});

test("relative imports work in a notebook cell: no extension, no folder, no dot in a file's name", () => {
  const wrong = [...importsOfSources]
    .filter(([file]) => file.endsWith(".ts"))
    .flatMap(([file, all]) => {
      const imports = all.filter((from) => from.startsWith("."));
      const bad = imports.filter((from) => {
        const target = path.posix.join(path.posix.dirname(file), from);
        return (
          !/\.(json|cjs)$/.test(from) && (!existsSync(`${target}.ts`) || path.posix.basename(target).includes("."))
        );
      });
      const name = path.posix.basename(file, ".ts");
      return [...bad.map((from) => `${file}: ${from}`), ...(name.includes(".") ? [file] : [])];
    });
  assert.equal(wrong, []);
});

test("the compiler checks every .cjs file, without an exception", () => {
  const { options, fileNames } = ts.parseJsonConfigFileContent(
    ts.readConfigFile("tsconfig.json", ts.sys.readFile).config,
    ts.sys,
    ".",
  );
  assert.is(options.strict && options.allowJs && options.checkJs, true);
  const checked = new Set(fileNames.map((name) => path.posix.relative(process.cwd(), path.resolve(name))));
  const plain = sources().filter((file) => file.endsWith(".cjs"));
  assert.equal(
    plain.filter((file) => !checked.has(file)),
    [],
  );
  const wrong = plain.filter((file) => /@ts-(nocheck|ignore|expect-error)/.test(readFileSync(file, "utf8")));
  assert.equal(wrong, []);
});

test.run();
