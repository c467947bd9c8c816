import { spawn } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sleep } from "../../support/kernel-runs";
import { ends } from "../../support/processes";
import { until } from "../../support/until";

const test = suite("notebook/kernel/parent");

/** Kills a kernel's parent once its cell has printed "started" (or some time after the cell was sent); gives all that was printed. */
async function orphaned(code: string, wait: "started" | number): Promise<readonly [number, string]> {
  const parent = spawn(process.execPath, ["--import", "tsx", "test/support/kernel-parent.ts", code]);
  let text = "";
  parent.stdout.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  parent.stderr.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  const awaited = wait === "started" ? "started" : "kernel ";
  await until(`"${awaited}" is printed`, () => text.includes(awaited));
  if (typeof wait === "number") await sleep(wait);
  parent.kill("SIGKILL");
  return [Number(/kernel (\d+)/.exec(text)?.[1]), text];
}

const busy = {
  "a loop that never yields": 'console.log("started"); while (true) {}',
  "a loop after an await": 'await 1; console.log("started"); while (true) await null;',
  "a thread that sleeps":
    'console.log("started"); await new Promise((resolve) => setTimeout(resolve, 100));\n' +
    "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
  "a model that computes":
    'import { tinyModel } from "./test/support/tiny-models";\nimport { openAdapter } from "./src/notebook/open";\n' +
    'const { model } = tinyModel("bert");\n' +
    'const { session } = await openAdapter({ name: "bert", model } as any, { kind: "none" });\n' +
    "const ids = Array.from({ length: 200 }, (_, i) => Array.from({ length: 20 }, (_, t) => (i + t) % 9));\n" +
    'console.log("started"); while (true) await session.features([new Float32Array(0)], { ids });',
};

for (const [name, code] of Object.entries(busy))
  test(`a kernel ends with its parent: ${name}`, async () => {
    const [kernel] = await orphaned(code, "started");
    assert.ok(await ends(kernel));
  });

test("and while the compiler works", async () => {
  const lines = Array.from({ length: 350 }, (_, i) => `let a${i}: Tuple<${600 + i}>;`).join("\n");
  const long = `type Tuple<N, T extends 0[] = []> = T["length"] extends N ? T : Tuple<N, [...T, 0]>;\n${lines}`;
  const [kernel] = await orphaned(long, 1500);
  assert.ok(await ends(kernel));
});

test("so does what a cell has started", async () => {
  const [kernel, text] = await orphaned(
    'import { spawn } from "node:child_process";\nconst child = spawn("sleep", ["600"]);\nconsole.log(`child ${child.pid} started`);',
    "started",
  );
  assert.ok(await ends(kernel));
  assert.ok(await ends(Number(/child (\d+)/.exec(text)?.[1])));
});

test.run();
