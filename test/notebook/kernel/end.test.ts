import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRuns, type KernelRuns } from "../../support/kernel-runs";

const test = suite("notebook/kernel/end");

/** How a kernel ends after it was used; what it logged must be nothing. */
async function endAfter(use: (kernel: KernelRuns) => Promise<unknown>): Promise<number | string | null> {
  const kernel = await kernelRuns();
  await use(kernel);
  await kernel.client.close();
  const { exitCode, signalCode } = kernel.client.process;
  assert.is(kernel.log(), "");
  return signalCode ?? exitCode;
}

const open =
  'import { tinyModel } from "./test/support/tiny-models";\nimport { openAdapter } from "./src/notebook/open";\n' +
  'const { model, batch } = tinyModel("bert");\n' +
  'const { session } = await openAdapter({ name: "bert", model } as any, { kind: "none" });\n' +
  "await session.features([new Float32Array(0)], batch);";

test("a kernel with an open model ends well", async () => {
  assert.is(await endAfter(async ({ run }) => assert.is((await run(open)).reply["status"], "ok")), 0);
});

test("so does one with large answers on their way", async () => {
  const end = await endAfter(async ({ run, client }) => {
    await run(`// ${"x".repeat(1_000_000)}`);
    const question = { hist_access_type: "tail", output: false };
    for (let i = 0; i < 40; i++) client.request("history_request", question, "control").catch(() => undefined);
  });
  assert.is(end, 0);
});

test("so does one whose model computes: what it is in the middle of is waited for, and nothing more is begun", async () => {
  const end = await endAfter(async ({ run }) => {
    await run(open);
    await run(
      "const ids = Array.from({ length: 400 }, (_, i) => Array.from({ length: 30 }, (_, t) => (i + t) % 9));\n" +
        "for (let i = 0; i < 20; i++) void session.features([new Float32Array(0)], { ids }).catch(() => {});",
    );
  });
  assert.is(end, 0);
});

test.run();
