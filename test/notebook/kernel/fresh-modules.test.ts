import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { find, kernelRuns, valueOf, type KernelRuns } from "../../support/kernel-runs";

const test = suite("notebook/kernel/fresh-modules");
const folder = `.cache/fresh-modules-test-${process.pid}`;
let kernel: KernelRuns;
let cells = 0;

const write = (name: string, text: string): void => writeFileSync(`${folder}/${name}.ts`, text);
/** Runs the importing cell again; the file was saved just before. */
const top = () => {
  const name = `top${++cells}`;
  return kernel.run(`import { top as ${name} } from "./${folder}/top";\n${name}()`);
};

test.before(async () => {
  mkdirSync(folder, { recursive: true });
  write("base", "export const base: number = 1;");
  write("middle", 'import { base } from "./base";\nexport const middle = (): number => base + 10;');
  write("side", 'console.log("side runs");\nexport const side = 100;');
  write(
    "top",
    'import { middle } from "./middle";\nimport { side } from "./side";\nexport const top = (): number => middle() + side;',
  );
  kernel = await kernelRuns();
});
test.after(async () => {
  await kernel.client.close();
  rmSync(folder, { recursive: true });
});

test("a saved file is picked up at once, also far behind the file that a cell imports", async () => {
  const first = await top();
  assert.is(valueOf(first), "111");
  assert.is(first.text, "side runs\n");
  write("base", "export const base: number = 2;");
  const second = await top();
  assert.is(valueOf(second), "112");
  assert.is(second.text, "", "what does not depend on the changed file is not run again");
  write("middle", 'import { base } from "./base";\nexport const middle = (): number => base + 20;');
  assert.is(valueOf(await top()), "122");
});

test("a function that an earlier cell holds stays as it was", async () => {
  await kernel.run(`import { top as held } from "./${folder}/top";`);
  write("base", "export const base: number = 3;");
  assert.is(valueOf(await kernel.run("held()")), "122");
  assert.is(valueOf(await top()), "123");
});

test("a type error behind the imported file is shown with its file, line and mark, and a mended file runs", async () => {
  write("base", 'export const base: number = "x";');
  const error = find(await top(), "error");
  assert.match(String(error["evalue"]), /base\.ts:1:14: Type 'string' is not assignable to type 'number'/);
  write("base", "export const base: number = 4;");
  assert.is(valueOf(await top()), "124");
});

test("a file that was removed is an error; one that is made while the kernel runs is found", async () => {
  write("new", "export const added = 1;");
  assert.is(valueOf(await kernel.run(`import { added } from "./${folder}/new";\nadded`)), "1");
  rmSync(`${folder}/new.ts`);
  const gone = await kernel.run(`import { added as again } from "./${folder}/new";\nagain`);
  assert.match(String(find(gone, "error")["evalue"]), /Cannot find module/);
});

test("an error after an edit points at the new lines", async () => {
  write("base", '// a line more\nexport const base: number = 1;\nthrow new Error("edited");');
  assert.match(String(find(await top(), "error")["traceback"]), /base\.ts:3:7/);
});

test.run();
