import { suite } from "uvu";
import * as assert from "uvu/assert";
import { find, kernelRuns, valueOf, type KernelRuns, type Ran } from "../../support/kernel-runs";

const test = suite("notebook/kernel/kept");
let kernel: KernelRuns;
test.before(async () => {
  kernel = await kernelRuns();
});
test.after(async () => kernel.client.close());

const value = async (code: string): Promise<unknown> => {
  const ran = await kernel.run(code);
  assert.is(ran.reply["status"], "ok", `${code}: ${String(ran.reply["evalue"])}`);
  return valueOf(ran);
};
const fails = async (code: string): Promise<Ran> => {
  const ran = await kernel.run(code);
  assert.is(ran.reply["status"], "error", code);
  return ran;
};
const wrong = async (code: string): Promise<string> => String(find(await fails(code), "error")["evalue"]);

for (const [name, code, expected] of [
  ["a call", "await Promise.resolve(1)", "1"],
  ["brackets", "await (Promise.resolve(2))", "2"],
  ["a list", "await [3]", "[ 3 ]"],
  ["a function called at once", "await (async () => 4)()", "4"],
  ["a template", "await `${5}`", "'5'"],
  ["a tagged template", "await String.raw`6`", "'6'"],
  ["signs", "[await +7, await -7, await !7, await ~7]", "[ 7, -7, false, -8 ]"],
  ["a regular expression", "await /8/", "/8/"],
  ["an object", "await ({ then: (take: (value: number) => void) => take(9) })", "9"],
  ["a type", "const ten = await (Promise.resolve(10) as Promise<number>); ten", "10"],
  ["a class", "new (await Promise.resolve(class { n = 11 }))().n", "11"],
  [
    "a pattern",
    "const { eleven = await Promise.resolve(11), ...others } = await (Promise.resolve({ a: 1 })) as { eleven?: number, a: number }; [eleven, others]",
    "[ 11, { a: 1 } ]",
  ],
  ["a list's pattern", "const [twelve, ...more] = await ([12, 13]); [twelve, more]", "[ 12, [ 13 ] ]"],
  ["a condition", "let chosen = 0; if (await (Promise.resolve(true))) chosen = await (14 as any); chosen", "14"],
  ["a choice", "(await (false as any)) ? 1 : await [15]", "[ 15 ]"],
  [
    "a loop over what is awaited",
    "let sum = 0; for await (const each of [Promise.resolve(7), 9]) sum += each; sum",
    "16",
  ],
  [
    "only a loop over what is awaited",
    "for await (const each of (async function* () { yield 17; })()) console.log(each);\n17",
    "17",
  ],
  [
    "other loops",
    "let n = 0; while (await (n < 18 as any)) n++; do n += await [0].length; while (await (false as any)); for (let i = await (0 as any); i < 1; i++) {} n",
    "19",
  ],
  [
    "a switch, a try and a block",
    "let s = ''; switch (await ('a' as any)) { case await ('a' as any): s = 'b' } try { throw await (1 as any) } catch { s += await ('c' as any) } finally { { s += await ('d' as any) } } s",
    "'bcd'",
  ],
  [
    "arguments, members and spread",
    "Math.max(...await ([1, 19]), (await ({ a: 2 })).a, [await (3 as any)][await (0 as any)]!)",
    "19",
  ],
  [
    "a computed member of a class",
    "class K { [await ('twenty' as any)]() { return 20; } }\n(new K() as any).twenty()",
    "20",
  ],
  [
    "a parent class and a default",
    "const { parent = class { v = 21 } } = await ({} as any);\nclass C extends (await (parent as any)) {}\n(new C() as any).v",
    "21",
  ],
  ["an import", 'const { posix } = await (import("node:path")); posix.sep', "'/'"],
  ["a thrown value that is caught", 'await (Promise.reject(new Error("x")).catch(() => 23))', "23"],
  ["a name that begins with it", "const awaited = 24; awaited", "24"],
] as const)
  test(`await is a cell's own with ${name}`, async () => assert.is(await value(code), expected));

test("await in a function that is not async is an error that names its place, and so are unfinished ones", async () => {
  assert.match(
    await wrong("function f() { return await (1 as any); }"),
    /^line 1, column 23: Cannot find name 'await'/,
  );
  assert.match(await wrong("await "), /Expression expected/);
  assert.match(await wrong("class S { static { await (1 as any); } }"), /static block/);
});

test("a rejection that is awaited in brackets is an error at its line", async () => {
  const error = find(await fails('const before = 1;\nawait (Promise.reject(new RangeError("no")));'), "error");
  assert.equal([error["ename"], error["evalue"]], ["RangeError", "no"]);
});

test("what a cell made before it failed stays, with its type; what it had not made keeps its earlier meaning", async () => {
  await kernel.run('const later = "earlier"; let count = 1; function f() { return "old"; }\nclass Kept { old = true }');
  await fails(
    "const made = [1, 2];\nlet { part, rest: [first] } = { part: 'p', rest: [3] };\nfunction g(x: number): number { return x + 1; }\n" +
      "class Made { n = 1 }\nenum Level { low = 1 }\ncount = 2;\ninterface Shape { n: number }\ntype Names = 'a' | 'b';\n" +
      'throw new Error("here");\nconst later = 5, missing = 6;\nclass Kept { fresh = true }',
  );
  assert.is(
    await value(
      "const same: number[] = made; const shape: Shape = new Made(); [same, part, first, g(1), shape, Level.low, count]",
    ),
    "[ [ 1, 2 ], 'p', 3, 2, Made { n: 1 }, 1, 2 ]",
  );
  assert.is(await value("const text: string = later; text"), "'earlier'");
  assert.is(await value("new Kept().old"), "true");
  assert.match(await wrong("missing"), /Cannot find name 'missing'/);
  assert.match(await wrong("const n: string = made;"), /Type 'number\[\]' is not assignable to type 'string'/);
  assert.match(await wrong("const c: Names = 'c'; "), /is not assignable to type 'Names'/);
});

test("so it is after an await, for imports, and for a name that the failing cell declares again", async () => {
  await fails(
    'import { positiveInteger } from "./src/check/check";\nimport * as path from "node:path";\nconst awaited = await (Promise.resolve(7));\nawait (Promise.reject(1));',
  );
  assert.is(await value('positiveInteger("n", awaited) + path.posix.sep'), "'7/'");
  await kernel.run("const twice = 1;");
  await fails('const twice = "again"; throw 1;');
  assert.is(await value("const s: string = twice; s"), "'again'");
  await fails("throw 1; var hoisted = 3;");
  assert.match(await wrong("hoisted"), /Cannot find name/);
});

test("a cell that was not run, or not compiled, changes nothing", async () => {
  await kernel.run("const kept = 1;");
  await fails("const kept: string = 2;");
  await fails('import { nothing } from "./src/check/check";\nconst kept = "x";');
  await fails("const kept = ((;");
  assert.is(await value("const n: number = kept; n"), "1");
});

test("a cell that was stopped keeps what it had made", async () => {
  let pressed = false;
  const ran = await kernel.run(
    'const soFar = [1]; console.log("started"); await new Promise(() => {}); const none = 2;',
    () => {
      if (!pressed) kernel.client.interrupt();
      pressed = true;
    },
  );
  assert.is(find(ran, "error")["ename"], "Interrupted");
  assert.is(await value("soFar"), "[ 1 ]");
  assert.match(await wrong("none"), /Cannot find name/);
});

test("completion after a failed cell knows what it made", async () => {
  await fails("const completable = { inside: 1 }; throw 1;");
  const { matches } = await kernel.ask("complete_request", { code: "completable.ins", cursor_pos: 15 });
  assert.equal(matches, ["inside"]);
});

test("a cell's variable is undefined in no earlier cell's function before it is made", async () => {
  await kernel.run("const base = 1;");
  await kernel.run("const read = () => base;");
  assert.is(await value("const seen = read(); const base = 2; [seen, base]"), "[ 1, 2 ]");
});

test.run();
