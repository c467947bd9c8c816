import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as f from "../../src/check/fields";
import { throwsWith } from "../support/throws";

const test = suite("check/fields");
const shape = {
  name: f.text("what it is called"),
  size: f.optional(f.count("how many")),
  kind: f.optional(f.oneOf("which", ["lora", "prefix"])),
  within: f.optional(f.fields("further", { rate: f.positive("eta"), on: f.optional(f.nullable(f.flag("whether"))) })),
  list: f.optional(f.listOf("numbers", f.count("a number", 0))),
};
const field = f.fields("a thing", shape);
const read = (value: unknown) => f.readField("a.json", field, value);

test("what fits is given as it is, and what is absent stays absent", () => {
  const value = { name: "a", size: 2, kind: "lora", within: { rate: 0.1, on: null }, list: [0, 1] };
  assert.equal(read(value), value);
  assert.equal(Object.keys(read({ name: "a" })), ["name"]);
});

test("everything that is wrong is told at once, by the fields' names", () => {
  throwsWith(
    () => read({ nmae: "a", size: 1.5, kind: "lara", within: { rate: -1, onn: true }, list: [0, -1, "2"] }),
    [
      "a.json: 8 things are wrong",
      '  nmae: expected one of the fields name, size, kind, within, list; nearest: name, got "nmae"',
      "  name: expected a text (what it is called), got nothing",
      "  size: expected a positive integer, got 1.5",
      '  kind: expected "lora" or "prefix"; nearest: lora, got "lara"',
      '  within.onn: expected one of the fields rate, on; nearest: on, got "onn"',
      "  within.rate: expected a positive number, got -1",
      "  list[1]: expected a non-negative integer, got -1",
      '  list[2]: expected a non-negative integer, got "2"',
    ].join("\n"),
  );
});

test("every field refuses every value of another kind, and none throws anything else", () => {
  const values = [null, undefined, true, 0, -1, NaN, Infinity, "", "a", [], {}, [null], { a: 1 }];
  for (const [name, each] of Object.entries({ ...shape, ...field.within }))
    for (const value of values) {
      const wrong: string[] = [];
      each.read(name, value, (message) => wrong.push(message));
      for (const message of wrong) assert.match(message, new RegExp(`^${name}.*: expected .*, got `));
    }
  for (const value of [null, 1, "a", []]) throwsWith(() => read(value), "a thing: expected an object with name, size");
});

test("fields are described a line each", () => {
  assert.equal(f.describeFields(shape).slice(0, 5), [
    "name (needed): what it is called; a text",
    "size: how many; a positive integer",
    'kind: which; "lora" or "prefix"',
    "within: further",
    "  rate (needed): eta; a positive number",
  ]);
});

test("the forms of a field are described with their fields, those of a list's entries too; what was described is named", () => {
  const rate = f.fields("further", { rate: f.positive("eta") });
  const text = f.either<unknown>("what", "a text, or a table", () => f.text(""), {
    "a table": { file: f.text("") },
    short: "a name",
  });
  const found = f.describeFields({ each: f.listOf("many", rate), again: f.optional(rate), text, other: text });
  assert.equal(found, [
    "each (needed): many",
    "  rate (needed): eta; a positive number",
    "again: further; as each above",
    "text (needed): what; a text, or a table",
    "  a table",
    "    file (needed): a text",
    "  short: a name",
    "other (needed): what; a text, or a table; as text above",
  ]);
});

test.run();
