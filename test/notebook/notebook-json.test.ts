import { readdirSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { notebookText, readNotebook } from "../../src/notebook/notebook-file";
import { asLines, inLines, notebookJson } from "../../src/notebook/notebook-json";
import { hasJupyter, noJupyter, runPython } from "../support/jupyter";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";

const test = suite("notebook/notebook-json");
const files = scratch();
test.after(() => files.remove());

const value = {
  b: [1e-5, -1.5e-7, 0.0001, 0.00012, 1e21, 123456789012345680000, 1e-10, 3e-300, -0, 1, 0.1 + 0.2],
  é: '\u2028\u007f\u001b[1m"\\ é 😀',
  a: {},
  z: [],
  "\uffff": 1,
  "😀": null,
  ab: true,
  Z: { y: [[]], x: { "": "" } },
};

test("keys are in order, and small numbers are written as Python writes them", () => {
  assert.is(notebookJson({ b: [1e-5, 0.5], a: {} }), '{\n "a": {},\n "b": [\n  1e-05,\n  0.5\n ]\n}');
  assert.is(notebookJson({ left: undefined, nan: NaN }), '{\n "nan": null\n}');
});

test("a line ends where Python ends one", () => {
  assert.equal(asLines("a\r\nb\rc\u000bd\fe\x85f\u2028g\n\nh"), ["a\r\n", "b\r", "c\u000b", "d\f", "e\x85", "f\u2028", "g\n", "\n", "h"]); // prettier-ignore
  assert.equal(asLines(""), []);
  assert.equal(["text/html", "image/svg+xml", "image/png", "application/json"].map(inLines), [
    true,
    true,
    false,
    false,
  ]);
});

skipUnless(hasJupyter, noJupyter)(test, "the bytes are those of Python's json for the same value", () => {
  files.file("in.json", JSON.stringify(value));
  const program =
    "import json, sys; print(json.dumps(json.load(open(sys.argv[1])), ensure_ascii=True, indent=1, sort_keys=True, separators=(',', ': ')))";
  const { status, text } = runPython(["-c", program, files.file("in.json")]);
  assert.is(status, 0, text);
  const ascii = (json: string): string =>
    json.replace(/[\u007f-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
  assert.is(ascii(notebookJson(JSON.parse(JSON.stringify(value)))), text.trim());
});

test("shipped notebooks have the bytes that JupyterLab saves: npm run notebook -- FILE --format", () => {
  for (const name of readdirSync("notebooks").filter((file) => file.endsWith(".ipynb"))) {
    const file = `notebooks/${name}`;
    const { metadata } = readNotebook(file);
    assert.equal(Object.keys(metadata), ["kernelspec", "language_info"], name);
    assert.ok(readFileSync(file, "utf8") === notebookText(readNotebook(file)), `${name} has other bytes`);
  }
});

test.run();
