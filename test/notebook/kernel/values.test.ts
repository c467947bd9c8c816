import { suite } from "uvu";
import * as assert from "uvu/assert";
import { find, kernelRuns, type KernelRuns } from "../../support/kernel-runs";

const test = suite("notebook/kernel/values");
let kernel: KernelRuns;
test.before(async () => {
  kernel = await kernelRuns();
});
test.after(async () => kernel.client.close());

const bundle = async (code: string): Promise<Readonly<Record<string, string>>> =>
  find(await kernel.run(code), "execute_result")["data"] as Readonly<Record<string, string>>;

test("an arquero table is shown as one, numbers right, names and texts escaped", async () => {
  const shown = await bundle(
    'import { table, desc } from "arquero";\n' +
      'table({ "<i>a": [1, 20], b: ["x", "<b onclick=1>$x$"], c: [null, { d: 1 }] }).orderby(desc("<i>a"))',
  );
  assert.is(
    shown["text/plain"],
    "<i>a  b                 c\n  20  <b onclick=1>$x$  { d: 1 }\n   1  x                 null\n2 rows, 3 columns",
  );
  const html = shown["text/html"] ?? "";
  assert.match(html, /<th style="text-align: right;">&#60;i&#62;a<\/th>/);
  assert.match(html, /<td style="text-align: left;">&#60;b onclick=1&#62;&#36;x&#36;<\/td>/);
  assert.not.match(html, /<[ib][ >]/);
});

test("of a large table the beginning is shown, and said to be", async () => {
  const shown = await bundle(
    "table(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`c${i}`, Array.from({ length: 100_000 }, (_, row) => 'x'.repeat(500) + row)])))",
  );
  assert.match(shown["text/plain"] ?? "", /\n100000 rows, 50 columns; the first 100 rows; the first 30 columns$/);
  assert.ok((shown["text/html"] ?? "").length < 1_000_000);
  assert.match((await bundle("table({ a: [1] }).filter(() => false)"))["text/plain"] ?? "", /^a\n0 rows, 1 columns$/);
});

test("a value of src is shown as its kind says, once src is imported", async () => {
  const shown = await bundle('import { taskNamed } from "./src/parts";\ntaskNamed("trec")');
  assert.match(shown["text/html"] ?? "", /^<table[^]*TREC/);
  assert.match(shown["text/plain"] ?? "", /task +trec: TREC/);
});

test("what only claims to be a table is printed as the object that it is", async () => {
  const shown = await bundle("({ columnNames: () => { throw 1; }, numRows: () => 1, numCols: () => 1, get: () => 1 })");
  assert.equal(Object.keys(shown), ["text/plain"]);
});

test.run();
