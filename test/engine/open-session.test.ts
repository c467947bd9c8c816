import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { openSession } from "../../src/engine/open-session";
import type { EngineOptions } from "../../src/engine/open-session";
import { rejectsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("engine/open-session");
const { model } = tinyModel("bert");
const adapter = makeAdapter({ kind: "lora", rank: 2, alpha: 4, targets: ["query"] }, model.sites);

test("each engine opens by its name, ONNX Runtime without one; all give gradients", async () => {
  const choices: readonly EngineOptions[] = [{}, { engine: "onnx" }, { engine: "tfjs" }, { engine: "reference" }];
  const found = [];
  for (const choice of choices) {
    const session = await openSession(model, adapter, choice);
    found.push([session.id.split("|").at(-1)?.split(" ")[0], session.gradient !== undefined]);
    await session.dispose();
  }
  assert.equal(found, [
    ["onnx", true],
    ["onnx", true],
    ["tfjs", true],
    ["reference", true],
  ]);
});

test("another name is refused", async () => {
  const wrong = { engine: "webgl" } as unknown as EngineOptions;
  await rejectsWith(openSession(model, adapter, wrong), 'engine: expected "onnx", "tfjs" or "reference", got "webgl"');
});

test("an adapter of more numbers than a point holds is refused in words, before anything is allocated", async () => {
  const wide = [
    { kind: "lora", rank: 1e9, alpha: 16, targets: ["query"] },
    { kind: "bottleneck", placement: "roberta", bottleneck: 1e9, activation: "relu", scale: 1 },
    { kind: "prefix", tokens: 1e9 },
  ] as const;
  for (const spec of wide)
    await rejectsWith(
      openSession(model, makeAdapter(spec, model.sites), {}),
      `adapter ${spec.kind}: expected at most 4294967296 numbers to train (a smaller rank or width, fewer sites), got `,
    );
});

test.run();
