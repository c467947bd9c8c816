import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { messageOf } from "../../src/check/error-words";
import { exampleValues } from "./example-values";

/** One `@example` of a docstring: the code, and what the comment behind it says comes out. */
export interface Example {
  readonly file: string;
  readonly line: number;
  readonly code: string;
  readonly value: string;
}

const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (
  ...parts: string[]
) => (...values: readonly unknown[]) => Promise<unknown>;

/** Lists the source files under a folder. */
export function sourceFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.c?ts$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Reads every `@example` of a source text. A line that starts further in than the tag continues it. */
export function readExamples(file: string, text: string): readonly Example[] {
  return [...text.matchAll(/@example\b/g)].map(({ index = 0 }) => {
    const [first = "", ...rest] = text.slice(index + "@example".length, text.indexOf("*/", index)).split("\n");
    const more = rest.map((line) => line.replace(/^\s*\* ?/, ""));
    const end = more.findIndex((line) => !line.startsWith("  "));
    const written = [first, ...more.slice(0, end === -1 ? more.length : end)].join("\n").trim();
    return { file, line: text.slice(0, index).split("\n").length, ...codeAndValue(written) };
  });
}

/** Splits an example at its comment. */
export function codeAndValue(written: string): { readonly code: string; readonly value: string } {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, false, ts.LanguageVariant.Standard, written);
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan())
    if (token === ts.SyntaxKind.SingleLineCommentTrivia) {
      const at = scanner.getTokenPos();
      return { code: written.slice(0, at).trim(), value: written.slice(at + 2).trim() };
    }
  return { code: written, value: "" };
}

/** Maps each name that a file of `src` exports, types apart, to the files that do. */
export function exportedNames(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const note = (name: string, file: string): void => void found.set(name, [...(found.get(name) ?? []), file]);
  for (const file of files)
    for (const statement of parse(file, readFileSync(file, "utf8")).statements) {
      if (!ts.canHaveModifiers(statement)) continue;
      if (!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
      if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement))
        note(statement.name?.text ?? "", file);
      if (ts.isVariableStatement(statement))
        for (const { name } of statement.declarationList.declarations) if (ts.isIdentifier(name)) note(name.text, file);
    }
  return found;
}

function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
}

/** Lists the names that code uses and does not declare itself. */
export function freeNames(code: string): readonly string[] {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const named = (parent as { readonly name?: ts.Node }).name === node;
      if (ts.isPropertyAccessExpression(parent) && named) return;
      if (ts.isPropertyAssignment(parent) && named) return;
      if (ts.isMethodDeclaration(parent) && named) return;
      if (ts.isBindingElement(parent) && parent.propertyName === node) return;
      const declares = ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent);
      (declares && named ? declared : used).add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(parse("example.ts", `async () => {${code}\n}`));
  return [...used].filter((name) => !declared.has(name) && !(name in globalThis) && name !== "undefined");
}

/** Runs an example and compares what it gives, or what it throws, with its comment. @throws where they differ or it cannot be run */
export async function checkExample(
  { code, value, file }: Example,
  exported: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  if (value === "") throw new Error("says no value: expected `expression // value`");
  const thrown = /^throws\b\s*/.exec(value);
  const wanted = wantedOf(thrown === null ? value : value.slice(thrown[0].length) || '"..."');
  const names = freeNames(code);
  const values = await Promise.all(names.map((name) => valueOf(name, file, exported)));
  const run = new AsyncFunction(...names, returning(code));
  if (thrown === null) return compare(await run(...values), wanted);
  const outcome = await run(...values).then(() => null, messageOf);
  if (outcome === null) throw new Error(`expected an error, got none`);
  compare(outcome, wanted);
}

async function valueOf(name: string, file: string, exported: ReadonlyMap<string, readonly string[]>): Promise<unknown> {
  const files = exported.get(name) ?? [];
  const hidden = new RegExp(`^(async )?(function\\*?|const|class) ${name}\\b`, "m").test(readFileSync(file, "utf8"));
  if (hidden) throw new Error(`${name} is not exported`);
  const from = files.includes(file) ? file : files.length === 1 ? files[0] : undefined;
  if (from !== undefined) {
    const module = (await import(pathToFileURL(from).href)) as Readonly<Record<string, unknown>>;
    return module[name];
  }
  const made = exampleValues[name];
  if (made === undefined)
    throw new Error(`${name} is ${files.length === 0 ? "exported nowhere" : "exported by several files"}`);
  return made();
}

/** Turns statements into a function's body that returns the last one's value: of an expression, or of what is declared. */
function returning(code: string): string {
  const source = parse("example.ts", code);
  const last = source.statements[source.statements.length - 1];
  if (last === undefined) throw new Error("is empty");
  const before = code.slice(0, last.getStart());
  const expression = ts.isExpressionStatement(last)
    ? last.expression
    : ts.isVariableStatement(last)
      ? last.declarationList.declarations[0]?.initializer
      : undefined;
  if (expression === undefined) throw new Error("does not end with an expression");
  const target = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  return ts.transpile(`${before}return (${expression.getText(source)});`, target);
}

/** What a comment says comes out: a literal of JavaScript, and the class of an array of numbers where it is named in front. */
interface Wanted {
  readonly kind: string | undefined;
  readonly literal: ts.Expression;
}

/**
 * Reads the literal that a comment begins with; words may follow it. In it `...` stands for what is left out.
 * @throws when it begins with none
 */
function wantedOf(comment: string): Wanted {
  const [front = "", kind] = /^(\w+Array) (?=\[)/.exec(comment) ?? [];
  const text = comment.slice(front.length);
  const ends = [...text.matchAll(/[,:;]? |\.\.\.$|$/g)].map(({ index }) => index).reverse();
  for (const end of ends) {
    const literal = literalOf(text.slice(0, end));
    if (literal !== null) return { kind, literal };
  }
  throw new Error(`says a value that is no literal: ${comment}`);
}

function literalOf(text: string): ts.Expression | null {
  const inCode = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\.\.\.(?=\s*[,\]}])/g, (part) =>
    part === "..." ? "...left" : part,
  );
  const source = parse("value.ts", `(${inCode})`);
  const broken = (source as unknown as { readonly parseDiagnostics: readonly unknown[] }).parseDiagnostics.length > 0;
  const [only, ...more] = source.statements;
  if (broken || only === undefined || more.length > 0 || !ts.isExpressionStatement(only)) return null;
  return isLiteral(only.expression) ? only.expression : null;
}

function isLiteral(node: ts.Expression): boolean {
  if (ts.isParenthesizedExpression(node)) return isLiteral(node.expression);
  if (ts.isPrefixUnaryExpression(node))
    return ts.isNumericLiteral(node.operand) || node.operand.getText() === "Infinity";
  if (ts.isArrayLiteralExpression(node))
    return node.elements.every((each) => ts.isSpreadElement(each) || isLiteral(each));
  if (ts.isObjectLiteralExpression(node))
    return node.properties.every(
      (each) => ts.isSpreadAssignment(each) || (ts.isPropertyAssignment(each) && isLiteral(each.initializer)),
    );
  if (ts.isIdentifier(node)) return ["undefined", "NaN", "Infinity"].includes(node.text);
  return (
    ts.isStringLiteralLike(node) ||
    ts.isNumericLiteral(node) ||
    ts.isBigIntLiteral(node) ||
    ["true", "false", "null"].includes(node.getText())
  );
}

/** Compares a value with a literal. @throws with both where they differ */
function compare(got: unknown, { kind, literal }: Wanted): void {
  if (kind !== undefined && (got as object).constructor.name !== kind)
    throw new Error(`expected a ${kind}, got another`);
  if (!agrees(got, literal)) throw new Error(`expected ${literal.getText()}, got ${shown(got)}`);
}

function agrees(got: unknown, wanted: ts.Expression): boolean {
  if (ts.isParenthesizedExpression(wanted)) return agrees(got, wanted.expression);
  if (ts.isStringLiteralLike(wanted)) return typeof got === "string" && agreesText(got, wanted.text);
  if (ts.isNumericLiteral(wanted) || ts.isPrefixUnaryExpression(wanted)) return agreesNumber(got, wanted.getText());
  if (ts.isArrayLiteralExpression(wanted)) return agreesList(got, wanted.elements);
  if (ts.isObjectLiteralExpression(wanted)) return agreesFields(got, wanted.properties);
  if (ts.isBigIntLiteral(wanted)) return typeof got === "bigint" && `${got}n` === wanted.getText();
  return String(got) === wanted.getText() && typeof got !== "string";
}

function agreesText(got: string, wanted: string): boolean {
  const parts = wanted.split("...").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(got);
}

/** Says whether a number agrees with one written with fewer digits. One written as a whole number is meant exactly. */
function agreesNumber(got: unknown, written: string): boolean {
  if (typeof got !== "number") return false;
  if (Object.is(got, Number(written)) || got === Number(written)) return true;
  const [mantissa = "", exponent] = written.toLowerCase().replace(/_/g, "").split("e");
  const digits = (mantissa.split(".")[1] ?? "").length;
  if (exponent !== undefined) return Number(got.toExponential(digits)) === Number(written);
  return digits > 0 && Number(got.toFixed(digits)) === Number(written);
}

function agreesList(got: unknown, wanted: readonly ts.Expression[]): boolean {
  if (!Array.isArray(got) && !(ArrayBuffer.isView(got) && Symbol.iterator in got)) return false;
  const values: readonly unknown[] = [...(got as Iterable<unknown>)];
  const left = wanted.findIndex(ts.isSpreadElement);
  const matches = (parts: readonly ts.Expression[], first: number): boolean =>
    parts.every((each, at) => first + at < values.length && agrees(values[first + at], each));
  if (left === -1) return values.length === wanted.length && matches(wanted, 0);
  const after = wanted.slice(left + 1);
  return matches(wanted.slice(0, left), 0) && matches(after, values.length - after.length);
}

function agreesFields(got: unknown, wanted: readonly ts.ObjectLiteralElementLike[]): boolean {
  if (typeof got !== "object" || got === null) return false;
  const values = got as Readonly<Record<string, unknown>>;
  const fields = wanted.filter(ts.isPropertyAssignment);
  const some = fields.length < wanted.length;
  const nameOf = ({ name }: ts.PropertyAssignment): string =>
    ts.isIdentifier(name) || ts.isStringLiteralLike(name) || ts.isNumericLiteral(name) ? name.text : "";
  if (!some && Object.keys(values).length !== fields.length) return false;
  return fields.every((field) => nameOf(field) in values && agrees(values[nameOf(field)], field.initializer));
}

function shown(value: unknown): string {
  const plain = (_: string, each: unknown): unknown => {
    if (typeof each === "bigint") return `${each}n`;
    if (typeof each === "function") return "a function";
    return ArrayBuffer.isView(each) && Symbol.iterator in each ? [...(each as unknown as Iterable<unknown>)] : each;
  };
  return (JSON.stringify(value, plain) ?? String(value)).slice(0, 600);
}
