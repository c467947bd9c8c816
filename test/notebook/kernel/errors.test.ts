import { suite } from "uvu";
import * as assert from "uvu/assert";
import { stripVTControlCharacters } from "node:util";
import { find, kernelRuns, type KernelRuns, type Ran } from "../../support/kernel-runs";

const test = suite("notebook/kernel/errors");
let kernel: KernelRuns;
test.before(async () => {
  kernel = await kernelRuns();
});
test.after(async () => kernel.client.close());

const traceback = (ran: Ran): string =>
  stripVTControlCharacters((find(ran, "error")["traceback"] as readonly string[]).join("\n"));

test("a type error is coloured, names its place and marks it", async () => {
  const ran = await kernel.run("let a = 1;\nconst b: string = null;");
  const error = find(ran, "error");
  assert.is(error["ename"], "TypeScript");
  assert.match(String(error["evalue"]), /^line 2, column 7: Type 'null' is not assignable to type 'string'/);
  assert.is(
    traceback(ran),
    "TypeScript: the cell was not run\n" +
      "line 2, column 7: Type 'null' is not assignable to type 'string'.\n" +
      "  2 | const b: string = null;\n" +
      "            ^",
  );
  assert.ok(String(error["traceback"]).includes("\x1b[31m"));
  assert.is(ran.reply["status"], "error");
  assert.is(ran.reply["ename"], "TypeScript");
});

test("a thrown error points at its line of the cell, types and all, and of the earlier cell that it passed through", async () => {
  const made = await kernel.run(
    "interface Wanted { readonly rank: number }\n\nfunction check({ rank }: Wanted): number {\n" +
      '  if (rank < 1) throw new RangeError("rank: too small");\n  return rank;\n}',
  );
  const maker = made.reply["execution_count"];
  const ran = await kernel.run(
    "type Shape = readonly number[];\nconst shape: Shape = [1];\ncheck({ rank: 0 * shape[0]! });",
  );
  const count = ran.reply["execution_count"];
  assert.is(find(ran, "error")["ename"], "RangeError");
  assert.is(
    traceback(ran),
    "RangeError: rank: too small\n" +
      `cell [${maker}]:\n` +
      '  4 |   if (rank < 1) throw new RangeError("rank: too small");\n' +
      "                            ^\n" +
      `cell [${count}]:\n` +
      "  3 | check({ rank: 0 * shape[0]! });\n" +
      "      ^\n" +
      `    at check (cell [${maker}]:4:23)\n` +
      `    at cell [${count}]:3:1`,
  );
});

test("after an await the lines are the cell's own too", async () => {
  const ran = await kernel.run(
    'interface A { x: number }\nawait new Promise((r) => setTimeout(r, 1));\nthrow new Error("late");',
  );
  assert.match(traceback(ran), /^ {4}at cell \[\d+\]:3:7$/m);
});

test("an error in an imported file of src names the file and its line, and shows it; nothing compiled is seen", async () => {
  const ran = await kernel.run('import { positiveInteger } from "./src/check/check";\npositiveInteger("ranks[2]", 0);');
  const text = traceback(ran);
  assert.is(find(ran, "error")["evalue"], "ranks[2]: expected a positive integer, got 0");
  const [, line] = /at fail \(src\/check\/check\.ts:(\d+):\d+\)/.exec(text) ?? [];
  assert.match(text, new RegExp(`src/check/check\\.ts:\n  ${line} \\|.*throw new Error`));
  assert.match(text, /at positiveInteger \(src\/check\/check\.ts:\d+:\d+\)\n.*at cell \[\d+\]:2:1/);
  assert.match(text, /cell \[\d+\]:\n {2}2 \| positiveInteger\("ranks\[2\]", 0\);\n {21}\^/);
  assert.not.match(text, /\.js|node:|evalmachine|tslab|adazeta-cell/);
  assert.not(ran.types.includes("stream"), "the error is not in stderr too");
});

test("an error that a cell prints has the same places", async () => {
  const ran = await kernel.run('const wrong: Error = new Error("x");\nconsole.log(wrong.stack);');
  assert.match(ran.text, /^Error: x\n {4}at .*cell \[\d+\]:1:22/);
});

test("a thrown value that is no error is shown as it is, and a cause is named", async () => {
  assert.is(find(await kernel.run('throw "as it is";'), "error")["evalue"], "as it is");
  const caused = await kernel.run('throw new Error("outer", { cause: new Error("inner") });');
  assert.match(traceback(caused), /caused by Error: inner$/);
});

test("the columns are those that were written where the kernel changed the code", async () => {
  await kernel.run("const steps = 3;");
  const ran = await kernel.run("const options = { steps }; (undefined as any)[options.steps];");
  assert.match(traceback(ran), /at cell \[\d+\]:1:46/);
});

const frames = (text: string): readonly string[] => text.split("\n").filter((line) => /^ {4}(at|\.\.\.) /.test(line));

test("however deep an error was, the cell's own line is shown, and is the last of its frames", async () => {
  await kernel.run("function down(n: number): never { if (n === 0) throw new Error('deep'); return down(n - 1); }");
  for (const depth of [5, 50, 5000]) {
    const ran = await kernel.run(`1;\n  down(${depth});`);
    const text = traceback(ran);
    const cell = `cell [${String(ran.reply["execution_count"])}]`;
    assert.ok(text.includes(`${cell}:\n  2 |   down(${depth});\n`), text);
    assert.is(frames(text).at(-1), `    at ${cell}:2:3`);
    assert.ok(frames(text).length < 12, text);
  }
});

test("so it is with a recursion without end, one of two functions, an async one and one through src", async () => {
  for (const code of [
    "const forever = (n: number): number => forever(n) + 1;\nforever(1);",
    "const even = (n: number): number => odd(n) + 1, odd = (n: number): number => even(n) + 1;\neven(1);",
    "const later = async (n: number): Promise<number> => { await null; if (n === 0) throw new Error('x'); return await later(n - 1); };\nawait later(200);",
    'import { positiveInteger } from "./src/check/check";\n[1, 0].map((each) => positiveInteger("each", each));',
    "const list: any = []; list.toString = () => `${list}`;\n`${list}`;",
  ]) {
    const ran = await kernel.run(code);
    const text = traceback(ran);
    assert.match(frames(text).at(-1) ?? "", /^ {4}at (async )?cell \[\d+\]:2:\d+$/, text);
    assert.match(text, /cell \[\d+\]:\n {2}2 \| /);
    assert.ok(text.split("\n").length < 60, text);
  }
});

test("an error that comes from outside any code of the cell is shown at the line that waited for it", async () => {
  await kernel.run(
    'import { once } from "node:events";\nimport { createReadStream } from "node:fs";\nimport { connect } from "node:net";',
  );
  for (const [code, place] of [
    ['const a = 1\nfor await (const piece of createReadStream("/nowhere")) console.log(piece)', "2:1"],
    [
      'const b = { a }\nif (a > 0) {\n  await null\n  const c = [await once(connect(1, "127.0.0.1"), "connect"), { b }]\n}',
      "4:14",
    ],
    ['switch (a) {\n  case 1: await once(connect(1, "127.0.0.1"), "connect");\n}', "2:11"],
  ] as const) {
    const ran = await kernel.run(code);
    const text = traceback(ran);
    assert.is(frames(text).at(-1), `    at async cell [${String(ran.reply["execution_count"])}]:${place}`, text);
    assert.ok(text.includes(`  ${place.split(":")[0]} | ${code.split("\n")[Number(place[0]) - 1]}\n`), text);
  }
  const wrong = String(
    find(await kernel.run("const d: string = await (a as any), e = { a }.none;"), "error")["evalue"],
  );
  assert.match(wrong, /^line 1, column 47: Property 'none'/);
});

test("several errors in one, and causes of causes, are named in a line each, and not for ever", async () => {
  const text = traceback(
    await kernel.run(
      'throw new AggregateError([new Error("one"), "two"], "all", { cause: new Error("a", { cause: new Error("b") }) });',
    ),
  );
  assert.match(text, /caused by Error: a\ncaused by Error: b\nerrors\[0\]: Error: one\nerrors\[1\]: 'two'$/);
});

for (const [code, hint] of [
  ["%time down(1)", /^`%time` is a command of IPython's; here a cell is TypeScript\. What does it here: const started/],
  ["%%timeit\ndown(1)", /^`%%timeit` .*performance\.now\(\)/],
  ["%matplotlib inline", /^`%matplotlib` .*figures show themselves/],
  ["%unheard of", /^`%unheard` is a command of IPython's; here a cell is TypeScript\.$/],
  ["%%bash\nls -l\npwd", /^`%%bash` .*execSync\("ls -l\\npwd"\)/],
  ["!ls -la | head", /^`!ls` is a command of the shell.*execSync\("ls -la \| head"\)/],
  ["const a = 1;\n!pwd", /^`!pwd` .*execSync\("pwd"\)/],
  ["down?", /^`down\?` asks IPython about a name\. Here: put the cursor on down and press Shift\+Tab/],
  ["Math.max??", /^`Math\.max\?\?` asks IPython/],
  ["?down", /^`\?down` asks IPython/],
] as const)
  test(`${code.split("\n")[0]} is answered with what to write instead`, async () => {
    const error = find(await kernel.run(code), "error");
    assert.match(String(error["evalue"]), hint);
    assert.is(error["ename"], "TypeScript");
  });

test("a hint stands only where a cell could not be compiled, and hides no other error", async () => {
  assert.is((await kernel.run("const no = true;\n!no")).reply["status"], "ok");
  const both = String(find(await kernel.run("%time 1\nconst wrong: string = 1;"), "error")["evalue"]);
  assert.match(both, /^`%time`[^]*\nline 2, column 7: Type 'number'/);
  const none = String(find(await kernel.run("const remainder = 7\n% missing;"), "error")["evalue"]);
  assert.match(none, /^line 2, column 3: Cannot find name 'missing'/);
});

test("after an error the cells that wait are cancelled, unless the cell says otherwise, and the next one runs", async () => {
  const [first, second] = await Promise.all([kernel.run('throw new Error("stop here");'), kernel.run("1")]);
  assert.is(first.reply["status"], "error");
  assert.is(second.reply["status"], "aborted");
  assert.equal(second.types, ["status", "status"]);
  const [, goesOn] = await Promise.all([
    kernel.run('throw new Error("no matter");', undefined, { stop_on_error: false }),
    kernel.run("2"),
  ]);
  assert.is(goesOn.reply["status"], "ok");
});

test.run();
