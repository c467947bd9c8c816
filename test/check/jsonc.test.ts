import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseJsonc } from "../../src/check/jsonc";
import { throwsWith } from "../support/throws";

const test = suite("check/jsonc");
const read = (text: string) => parseJsonc(text, "a.json");

test("comments and last commas are passed over, and are text within quotes", () => {
  const text =
    '// first\n{ "a": [1, -2.5e-3,], /* two\nlines */ "b": "// no, /* neither */ \\"c\\" \\u00e9", }\n// last';
  assert.equal(read(text), { a: [1, -0.0025], b: '// no, /* neither */ "c" \u00e9' });
  assert.equal(read("\ufeff[]"), []);
});

test("whatever JSON writes is read as JSON reads it", () => {
  const values = [null, true, "", 'a"\\\n\u2028', 0, -0.5, 1e300, [[], {}], { "": { "a b": [null] }, __proto__x: 1 }];
  for (const value of values)
    for (const indent of [0, 2]) assert.equal(read(JSON.stringify(value, null, indent)), value);
  assert.ok(Object.hasOwn(read('{"__proto__": 1}') as object, "__proto__"));
});

test("what is wrong is told with line and column", () => {
  throwsWith(
    () => read('{\n  "a": 1\n  "b": 2\n}'),
    'a.json, line 3, column 3: expected a comma or the end of the object, "}", got "\\"b\\": 2"',
  );
  throwsWith(() => read('{"a": 1, "a": 2}'), 'a.json, line 1, column 10: expected the field "a" once');
  throwsWith(() => read("{'a': 1}"), "expected a field's name in double quotes");
  throwsWith(() => read('{"a" 1}'), 'expected a colon after "a"');
  throwsWith(() => read('["a'), "expected a text in quotes that end on the same line");
  throwsWith(() => read('["\\x"]'), "whose backslashes stand before one of");
  throwsWith(() => read("[1 /* never ends"), "expected a comment that ends in */");
  throwsWith(() => read("[1"), 'expected a comma or the end of the list, "]", got the end of the file');
  throwsWith(() => read(""), "expected a value");
  for (const text of ["[01]", "[1.]", "[+1]", "[NaN]", "[truer]", "[,]", "[1,,]", "nothing"])
    throwsWith(() => read(text), "expected");
  throwsWith(() => read("[] x"), "expected nothing more");
  throwsWith(() => read("[".repeat(100_000)), "expected at most 100 levels");
});

test.run();
