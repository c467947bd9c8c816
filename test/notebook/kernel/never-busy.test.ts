import { suite } from "uvu";
import * as assert from "uvu/assert";
import { find, kernelRuns, sleep, valueOf, type KernelRuns, type Ran } from "../../support/kernel-runs";

const test = suite("notebook/kernel/never-busy");
let kernel: KernelRuns;
test.before(async () => {
  kernel = await kernelRuns();
});
test.after(async () => kernel.client.close());

const hostile = 'new Proxy({}, new Proxy({}, { get() { throw new Error("trap"); } }))';
const custom = '[Symbol.for("nodejs.util.inspect.custom")]';

/** Runs a cell, and one after it that must print: whatever the first did, the kernel goes on. */
async function survives(code: string): Promise<Ran> {
  const ran = await kernel.run(code);
  const next = await kernel.run('console.log("next"); [1, 2].map((each) => each + 1)');
  assert.is(next.reply["status"], "ok", `${code.slice(0, 200)}\n${JSON.stringify(next.reply)}`);
  assert.is(next.text.replace(/^put back.*\n/, ""), "next\n", code.slice(0, 200));
  assert.is(valueOf(next), "[ 2, 3 ]");
  assert.equal([ran.types[0], ran.types.at(-1)], ["status", "status"]);
  return ran;
}

for (const [name, thrown] of [
  ["nothing", "undefined"],
  ["null", "null"],
  ["a symbol", 'Symbol("s")'],
  ["a bigint", "10n"],
  ["a function", "() => {}"],
  ["a proxy that answers nothing", hostile],
  ["a revoked proxy", "(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()"],
  ["an object whose stack throws", '({ get stack() { throw new Error("no stack"); } })'],
  ["a stack that throws", 'Object.defineProperty(new Error("x"), "stack", { get() { throw 1; } })'],
  ["a stack that is no text", 'Object.assign(new Error("x"), { stack: 7 })'],
  ["a name that is no text", 'Object.assign(new Error("x"), { name: Symbol("n") })'],
  ["a message that is no text", 'Object.assign(new Error("x"), { message: { toString() { throw 1; } } })'],
  ["a cause that is no error", `new Error("x", { cause: ${hostile} })`],
  ["causes in a circle", '(() => { const e: any = new Error("x"); e.cause = { stack: "", cause: e }; return e; })()'],
  ["several errors", `new AggregateError([new Error("a"), null, ${hostile}], "all")`],
  ["errors that are no list", 'Object.assign(new Error("x"), { errors: { length: 1e9 } })'],
  ["an object that cannot be inspected", `({ ${custom}() { throw ${hostile}; } })`],
  ["an object without a prototype", "Object.create(null)"],
  ["a long text", '"x".repeat(3e7)'],
  ["an error with a long message", 'new Error("m\\n".repeat(1e6))'],
] as const)
  test(`a cell that throws ${name} is answered, and the next one runs`, async () => {
    const ran = await survives(`throw ${thrown} as any;`);
    assert.is(ran.reply["status"], "error");
    for (const part of [find(ran, "error")["ename"], find(ran, "error")["evalue"]]) assert.type(part, "string");
    assert.ok(JSON.stringify(ran.reply).length < 500_000);
    const awaited = await survives(`await null; throw ${thrown} as any;`);
    assert.is(awaited.reply["status"], "error");
  });

for (const [name, value] of [
  ["a proxy that answers nothing", hostile],
  ["a getter that throws", "({ get x() { throw 1; } })"],
  ["an object that cannot be inspected", `({ ${custom}() { throw 1; }, kept: 1 })`],
  ["a value in a circle", "(() => { const a: any = {}; a.a = a; return a; })()"],
  [
    "toJSON, toString and Symbol.toPrimitive that throw",
    "({ toJSON() { throw 1; }, toString() { throw 1; }, [Symbol.toPrimitive]() { throw 1; } })",
  ],
  ["a thenable that never settles", "({ then() {} })"],
  ["a thenable that throws", '({ get then() { throw new Error("then"); } })'],
  ["an async generator", "(async function* () { yield 1; })()"],
  ["a class", "class A {}; A"],
  ["a million keys", "Object.fromEntries(Array.from({ length: 1e6 }, (_, i) => [`key${i}`, i]))"],
  ["lists in lists", "(() => { let a: any = []; for (let i = 0; i < 1e5; i++) a = [a]; return a; })()"],
  ["a long text", '"x".repeat(3e8)'],
  ["half a character", '"😀".slice(1)'],
] as const)
  test(`a cell whose value is ${name} is answered, and the next one runs`, async () => {
    const ran = await survives(`(${value.startsWith("class") ? "class A {}" : value}) as any`);
    assert.is(ran.reply["status"], "ok", JSON.stringify(ran.reply).slice(0, 500));
    assert.ok(String(valueOf(ran)).length < 200_000);
  });

test("half a character is printed and shown as the sign for one that is missing", async () => {
  const ran = await survives('console.log("😀".slice(1), "\\\\ud83d"); "a" + "😀".slice(0, 1)');
  assert.is(ran.text, "\ufffd \\ud83d\n");
  assert.is(valueOf(ran), "'a\\ud83d'");
});

test("what cannot be a display is an error of the cell that shows it", async () => {
  await kernel.run('import { display } from "./src/notebook/display";');
  for (const data of [
    "undefined",
    "null",
    "7",
    '{ "application/json": 10n }',
    '{ "application/json": { toJSON() { throw null; } } }',
    `{ "text/plain": ${hostile} }`,
    '(() => { const a: any = {}; a["application/json"] = a; return a; })()',
  ]) {
    const ran = await survives(`display(${data} as any);`);
    assert.is(ran.reply["status"], "error", data);
  }
});

for (const [name, code] of [
  ["Promise", "globalThis.Promise = undefined as any;"],
  ["Promise.prototype.then", "Promise.prototype.then = () => { throw 1; };"],
  ["Promise.race after an await", "await null; Promise.race = null as any; throw 1;"],
  ["JSON", "globalThis.JSON = null as any;"],
  ["JSON.stringify", "JSON.stringify = () => { throw 1; };"],
  ["console", "console.log = undefined as any; globalThis.console = 7 as any;"],
  ["process.stdout.write", "process.stdout.write = () => { throw new Error(); };"],
  ["Symbol and Map", "globalThis.Symbol = 1 as any; globalThis.Map = 1 as any;"],
  ["Error.prepareStackTrace", 'Error.prepareStackTrace = () => { throw 1; }; throw new Error("x");'],
  ["Error.stackTraceLimit", "Error.stackTraceLimit = 0;"],
  ["methods of lists", "Array.prototype.map = null as any; delete (Array.prototype as any)[Symbol.iterator];"],
  [
    "Object.prototype",
    "for (const key of ['get', 'value', 'toJSON', 'then', 'data']) (Object.prototype as any)[key] = 1;",
  ],
  ["Function.prototype.call", "Function.prototype.call = null as any; Function.prototype.apply = null as any;"],
  [
    "the kernel's own names",
    "try { (globalThis as any).__tslab__ = 1; } catch {} delete (globalThis as any).__tslab__; (globalThis as any)[Symbol.for('adazeta.kernel')] = 1;",
  ],
  ["listeners of the process", "process.removeAllListeners();"],
  ["the working folder", 'process.chdir("/");'],
] as const)
  test(`a cell that overwrites ${name} does not end the next one`, async () => void (await survives(code)));

test("process.exit ends the cell, not the kernel, wherever it is called", async () => {
  const ran = await survives("const before = 1;\nprocess.exit(3);\nconsole.log('not seen');");
  assert.match(String(find(ran, "error")["evalue"]), /^process\.exit\(3\): a cell ends here, the kernel goes on/);
  assert.is(valueOf(await kernel.run("before")), "1");
  await survives("setTimeout(() => process.exit(), 1); await new Promise((resolve) => setTimeout(resolve, 20));");
});

for (const [name, code] of [
  ["very deep brackets", "(".repeat(100_000) + "1" + ")".repeat(100_000)],
  ["very deep lists", "[".repeat(20_000) + "]".repeat(20_000)],
  ["many open brackets", "[".repeat(5000)],
  ["a very long sum", Array.from({ length: 20_000 }, () => "1").join(" + ")],
  ["a very long line", `"${"x".repeat(5_000_000)}".length`],
  ["characters that are none", "1 + \u0000\u0001\ud800 2"],
  ["nothing", ""],
  ["only a comment", "// nothing"],
] as const)
  test(`code with ${name} is a cell like any other`, async () => void (await survives(code)));

test("no message ends the kernel or leaves it busy", async () => {
  const { client } = kernel;
  for (const [type, content] of [
    ["execute_request", { code: 7 }],
    ["execute_request", {}],
    ["execute_request", null],
    ["execute_request", []],
    ["execute_request", { code: "1", user_expressions: 7, silent: "x" }],
    ["execute_request", { code: "1", user_expressions: { a: { b: 1 }, c: "throw 1" } }],
    ["complete_request", null],
    ["complete_request", { code: "x", cursor_pos: -5 }],
    ["complete_request", { code: "x", cursor_pos: 1e9 }],
    ["inspect_request", { code: ["x"], cursor_pos: {} }],
    ["is_complete_request", { code: "(".repeat(100_000) }],
    ["is_complete_request", {}],
    ["history_request", null],
    ["history_request", { hist_access_type: "search", pattern: "*a".repeat(5000) }],
    ["history_request", { hist_access_type: "tail", n: "x" }],
    ["comm_info_request", null],
    ["comm_open", null],
    ["comm_open", { comm_id: {}, target_name: [] }],
    ["comm_msg", { comm_id: "nobody", data: 7 }],
    ["comm_msg", []],
    ["comm_close", {}],
    ["__proto__", {}],
    ["toString", {}],
    ["", {}],
  ] as const) {
    const states: unknown[] = [];
    const sent = client.send(type, content as never, {
      onOutput: ({ content: { execution_state: state } }) => state !== undefined && states.push(state),
    });
    const late = sleep(20_000).then(() => {
      throw new Error(`${type} ${JSON.stringify(content).slice(0, 100)}: no idle`);
    });
    await Promise.race([sent, late]);
    assert.equal(states, ["busy", "idle"], type);
    assert.is(valueOf(await kernel.run("1 + 1")), "2");
  }
});

test("a comm's handler that throws, or throws later, is told, and the next cell runs", async () => {
  await kernel.run(
    'import { onCommOpened } from "./src/notebook/comm";\n' +
      `onCommOpened("hostile", () => ({ onMessage: ({ data }) => { if (data["late"]) return Promise.reject(null); throw ${hostile}; } }));`,
  );
  await kernel.client.send("comm_open", { comm_id: "h", target_name: "hostile", data: {} });
  for (const late of [true, false]) await kernel.client.send("comm_msg", { comm_id: "h", data: { late } });
  await survives("1");
});

test("Stop ends a value's description that never ends, a handler and a timer, also between cells", async () => {
  const press = (): void => kernel.client.interrupt();
  /** Presses until it is done, as people do: on a busy machine the first one may come before there is anything to end. */
  const pressing = async <T>(work: Promise<T>): Promise<T> => {
    const timer = setInterval(press, 500);
    try {
      return await work;
    } finally {
      clearInterval(timer);
    }
  };
  for (const code of [
    `({ ${custom}() { console.log("started"); while (true); } })`,
    `throw { ${custom}() { console.log("started"); while (true); } };`,
    'throw Object.defineProperty(new Error("x"), "stack", { get() { console.log("started"); while (true); } });',
  ]) {
    let started = (): void => undefined;
    const heard = new Promise<void>((resolve) => (started = resolve));
    const ran = kernel.run(code, started);
    await Promise.race([heard, sleep(20_000)]);
    assert.is(find(await pressing(ran), "error")["ename"], "Interrupted", code);
    assert.is(valueOf(await kernel.run("1 + 1")), "2");
  }
  await kernel.run(
    'import { onCommOpened as onOpened } from "./src/notebook/comm";\n' +
      'onOpened("endless", () => ({ onMessage: () => { while (true); } }));',
  );
  await kernel.client.send("comm_open", { comm_id: "e", target_name: "endless", data: {} });
  await pressing(kernel.client.send("comm_msg", { comm_id: "e", data: {} }));
  assert.is(valueOf(await kernel.run("1 + 1")), "2");
  for (const loop of ["while (true);", `throw { ${custom}() { while (true); } };`]) {
    await kernel.run(`setTimeout(() => { ${loop} }, 20);`);
    await sleep(500);
    assert.is(valueOf(await pressing(kernel.run("1 + 1"))), "2");
  }
});

test("a cell's first text is seen while its code never yields, also right after another cell's text", async () => {
  const before = kernel.run('console.log("before");');
  let seen = "";
  const ran = kernel.run('console.log("working"); for (const end = Date.now() + 4000; Date.now() < end; );', () => {
    seen ||= "while it ran";
  });
  await before;
  const first = await Promise.race([sleep(3000), ran]);
  assert.is(first, undefined);
  assert.is(seen, "while it ran");
  await ran;
});

test("a text of hundreds of megabytes is cut, and said to be", async () => {
  const ran = await survives('console.log("x".repeat(3e8));');
  assert.match(ran.text.slice(-200), /\[a cell shows at most 20000000 characters: the rest is left out\]\n$/);
});

test.run();
