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

test.run();
