import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("architecture");

/** A room imports only from rooms before it. */
const rooms = (
  "check random schedule tree tt estimator optimizer ops adapter model weights text engine task train " +
  "experiment table plot notebook"
).split(" ");
/** Types that a room may take from a later one: `room` -> `file` -> names. */
const exceptions: readonly { readonly room: string; readonly file: string; readonly names: readonly string[] }[] = [
  { room: "adapter", file: "src/model/model", names: ["Site"] },
];
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
  "@huggingface/gguf": ["src/weights/"],
  "@huggingface/hub": ["src/task/", "src/weights/"],
  hyparquet: ["src/task/", "src/weights/"],
};

interface Import {
  readonly from: string;
  readonly names: readonly string[];
  readonly typeOnly: boolean;
}

/** The imports, re-exports, `import()` types and calls, and requires of one file. */
function importsOf(file: string, text: string): readonly Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const bindings = node.importClause?.namedBindings;
      const names =
        bindings && ts.isNamedImports(bindings) ? bindings.elements.map((e) => (e.propertyName ?? e.name).text) : ["*"];
      found.push({ from: node.moduleSpecifier.text, names, typeOnly: node.importClause?.isTypeOnly === true });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      found.push({ from: node.moduleSpecifier.text, names: ["*"], typeOnly: node.isTypeOnly });
    } else if (
      ts.isImportTypeNode(node) &&
      ts.isLiteralTypeNode(node.argument) &&
      ts.isStringLiteral(node.argument.literal)
    ) {
      found.push({ from: node.argument.literal.text, names: ["*"], typeOnly: true });
    } else if (ts.isCallExpression(node) && node.arguments.length > 0) {
      const [argument] = node.arguments;
      const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === "require";
      if (isImport && argument !== undefined && ts.isStringLiteralLike(argument))
        found.push({ from: argument.text, names: ["*"], typeOnly: false });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

const roomOf = (file: string): string => file.split("/")[1] ?? "";
const packageOf = (name: string): string =>
  name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");

/** What is wrong with the imports of one file of src, in words. */
function complaints(file: string, text: string): readonly string[] {
  const room = roomOf(file);
  return importsOf(file, text).flatMap(({ from, names, typeOnly }) => {
    if (!from.startsWith(".")) {
      const door = doors[packageOf(from)];
      if (from.startsWith("node:") || door === undefined || door.some((folder) => file.startsWith(folder))) return [];
      return [`${file}: ${from} may be imported only in ${door.join(", ")}`];
    }
    const target = path.posix.join(path.posix.dirname(file), from);
    if (!target.startsWith("src/")) return [`${file}: ${from} is outside src`];
    const other = roomOf(target);
    if (other === room || file === "src/index.ts") return [];
    const allowed = exceptions.some(
      (e) => e.room === room && e.file === target && typeOnly && names.every((name) => e.names.includes(name)),
    );
    if (allowed) return [];
    if (!rooms.includes(other)) return [`${file}: ${from} is in no known room`];
    return rooms.indexOf(other) < rooms.indexOf(room)
      ? []
      : [`${file}: ${room} may not import from ${other} (${from})`];
  });
}

const sources = (folder = "src"): readonly string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sources(name);
    return /\.(ts|cjs)$/.test(name) ? [name] : [];
  });

test("an arrow to a later room, a closed door and a deep type import are found", () => {
  const wrong = (file: string, text: string): number => complaints(file, text).length;
  assert.is(wrong("src/tree/a.ts", 'import { x } from "../check/check";'), 0);
  assert.is(wrong("src/check/a.ts", 'import type { X } from "../tree/layout";'), 1);
  assert.is(wrong("src/check/a.ts", 'export { x } from "../tree/layout";'), 1);
  assert.is(wrong("src/check/a.ts", 'type X = import("../tree/layout").Layout;'), 1);
  assert.is(wrong("src/train/a.ts", 'const ort = await import("onnxruntime-node");'), 1);
  assert.is(wrong("src/engine/onnx/worker.cjs", 'const ort = require("onnxruntime-node");'), 0);
  assert.is(wrong("src/adapter/a.ts", 'import type { Site } from "../model/model";'), 0);
  assert.is(wrong("src/adapter/a.ts", 'import type { Model } from "../model/model";'), 1);
  assert.is(wrong("src/adapter/a.ts", 'import { Site } from "../model/model";'), 1);
});

test("every import of src goes to an earlier room, and libraries come in by their own door", () => {
  assert.equal(
    sources().flatMap((file) => complaints(file, readFileSync(file, "utf8"))),
    [],
  );
});

test("every folder of src is a known room", () => {
  const folders = readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.equal(
    folders.map((entry) => entry.name).filter((name) => !rooms.includes(name)),
    [],
  );
});

test("relative imports work in a notebook cell: no extension, no folder, no dot in a file's name", () => {
  const wrong = sources()
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => {
      const imports = importsOf(file, readFileSync(file, "utf8")).filter(({ from }) => from.startsWith("."));
      const bad = imports.filter(({ from }) => {
        const target = path.posix.join(path.posix.dirname(file), from);
        return (
          !/\.(json|cjs)$/.test(from) && (!existsSync(`${target}.ts`) || path.posix.basename(target).includes("."))
        );
      });
      const name = path.posix.basename(file, ".ts");
      return [...bad.map(({ from }) => `${file}: ${from}`), ...(name.includes(".") ? [file] : [])];
    });
  assert.equal(wrong, []);
});

test.run();
