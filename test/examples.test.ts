import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkExample, codeAndValue, exportedNames, freeNames, readExamples, sourceFiles } from "./support/examples";
import { rejectsWith } from "./support/throws";

const test = suite("examples");
const files = sourceFiles("src");
const exported = exportedNames(files);
const check = (written: string): Promise<void> =>
  checkExample({ file: "src/check/nearest.ts", line: 1, ...codeAndValue(written) }, exported);

for (const file of files)
  for (const example of readExamples(file, readFileSync(file, "utf8")))
    test(`${file}:${example.line} ${example.code}`, () => checkExample(example, exported));

test("an example is read with what continues it, and without what follows", () => {
  const text =
    '/**\n * Joins.\n * @example join(\n *   "//") // "a"\n * Source: none.\n */\n/** @example one() // 1 */\n';
  assert.equal(readExamples("a.ts", text), [
    { file: "a.ts", line: 3, code: 'join(\n  "//")', value: '"a"' },
    { file: "a.ts", line: 7, code: "one()", value: "1" },
  ]);
});

test("names are free where code does not declare them and no global has them", () => {
  assert.equal(freeNames("const a = f(b.c, { d: e }); await a.map((x) => x + Math.PI)"), ["f", "b", "e"]);
});

test("values agree with literals, with what `...` leaves out, with fewer digits, and with words behind", async () => {
  await check('[1, "two", { three: 3n }] // [1, "two", { three: 3n }]');
  await check("[1, 2, 3, 4] // [1, ..., 4]: numbers");
  await check("({ a: 1, b: 2 }) // { a: 1, ... }");
  await check("[1 / 3, 2e-9 / 3, -0.5] // [0.333, 6.7e-10, -0.5] in thirds");
  await check('"a long text" // "a ... text"');
  await check("Float32Array.of(0.5) // Float32Array [0.5]");
  await check("const { a } = { a: 1 } // { a: 1 }");
  await check("[undefined, null, NaN, true] // [undefined, null, NaN, true]");
  await check('nearest() // throws "Cannot read..."');
});

test("an example that is wrong, or cannot be run, fails and says why", async () => {
  await rejectsWith(check("1 + 1 // 3"), "expected (3), got 2");
  await rejectsWith(check("2.4 // 2"), "expected (2), got 2.4");
  await rejectsWith(check("0.3349 // 0.334"), "expected (0.334), got 0.3349");
  await rejectsWith(check('"2" // 2'), 'expected (2), got "2"');
  await rejectsWith(check("[1, 2] // [1]"), "expected ([1]), got [1,2]");
  await rejectsWith(check("({ a: 1, b: 2 }) // { a: 1 }"), "got");
  await rejectsWith(check("[0.5] // Float32Array [0.5]"), "expected a Float32Array");
  await rejectsWith(check('nearest("a", []) // throws "no"'), "expected an error, got none");
  await rejectsWith(check('nearest() // throws "another"'), 'expected ("another")');
  await rejectsWith(check("nearest(unknownThing, []) // []"), "unknownThing is exported nowhere");
  await rejectsWith(check('nearest("a", [])'), "says no value");
  await rejectsWith(check('nearest("a", []) // nothing near'), "says a value that is no literal");
});

test.run();
