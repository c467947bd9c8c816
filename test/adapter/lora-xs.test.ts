import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { LoraXsSpec } from "../../src/adapter/adapter";
import { factorsAt } from "../../src/adapter/frozen-core";
import { loraXs, vectorSides } from "../../src/adapter/lora-xs";
import { siteMatrices } from "../../src/adapter/site-weights";
import { referenceFeatures64 } from "../../src/engine/reference/session";
import { leadingSvd } from "../../src/tt/leading-svd";
import { openGguf } from "../../src/weights/gguf";
import type { FrozenMatrix } from "../../src/ops/ops";
import { descriptions } from "../support/descriptions";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("adapter/lora-xs");
const spec: LoraXsSpec = { kind: "lora-xs", rank: 3, alpha: 6, targets: ["query", "down"] };

test("the frozen factors, worked by hand: W = [[3, 0], [4, 5]]", () => {
  const weight: FrozenMatrix = {
    name: "w",
    shape: [2, 2],
    read: () => Float32Array.of(3, 0, 4, 5),
    rows: () => Float32Array.of(),
  };
  const { narrow, wide } = factorsAt(weight, vectorSides(1));
  // q = (1, 1) / sqrt(2) times sqrt(45), p = (1, 3) / sqrt(10)
  near(narrow, [Math.sqrt(22.5), Math.sqrt(22.5)], 1e-7);
  near(wide, [1 / Math.sqrt(10), 3 / Math.sqrt(10)], 1e-7);
  assert.is(factorsAt(weight, vectorSides(1)).narrow, narrow);
});

test("at rank r, R = c I adds c (alpha / r) times the r largest parts of W to it: at full rank, of W itself", () => {
  const { model, batch } = tinyModel("llama-tied");
  const matrices = siteMatrices(model);
  const site = "layers.0.attention.value";
  const weight = matrices.get(site)!;
  const rank = Math.min(...weight.shape);
  const adapter = loraXs({ kind: "lora-xs", rank, alpha: rank / 2, targets: [site] }, model.sites, model);
  const point = Float32Array.from({ length: rank * rank }, (_, i) => (i % (rank + 1) === 0 ? 1 : 0));
  const half = { ...weight, read: () => weight.read().map((value) => 1.5 * value) };
  const scaled = {
    ...model,
    forward: (ops: Parameters<typeof model.forward>[0], hooks: Parameters<typeof model.forward>[1]) =>
      model.forward(
        { ...ops, linear: (x: never, w, b) => ops.linear(x, w === weight ? half : w, b) } as typeof ops,
        hooks,
      ),
  } as typeof model;
  const none = loraXs({ ...spec, rank: 1, targets: [site] }, model.sites, model);
  const expected = referenceFeatures64(scaled, none, [new Float32Array(1)], batch).data;
  near(referenceFeatures64(model, adapter, [point], batch).data, expected, 1e-6);
});

test("R starts from N(0, 1e-5^2), and its size does not depend on the model's", () => {
  const adapter = loraXs({ ...spec, rank: 8, alpha: 16, targets: ["query", "value"] }, descriptions.minilm);
  const start = adapter.initial(0);
  assert.is(start.length, 12 * 64);
  const deviation = Math.sqrt(start.reduce((sum, value) => sum + value * value, 0) / start.length);
  // 768 values: a standard error of 2.6 %
  assert.ok(Math.abs(deviation / 1e-5 - 1) < 0.1, `deviation ${deviation}`);
  assert.equal(adapter.layout.entries.map(({ name, shape }) => `${name} ${shape.join("x")}`)[1], "layers.0.attention.value.R 8x8"); // prettier-ignore
});

test("two openings of a base have the same frozen factors, bit for bit", () => {
  const [a, b] = [tinyModel("bert"), tinyModel("bert")].map(({ model }) =>
    factorsAt(siteMatrices(model).get("layers.1.mlp.down")!, vectorSides(3)),
  );
  assert.not.ok(a === b);
  assert.equal(a, b);
});

test("of a quantized base the factors are those of the decoded weight", () => {
  const { matrix } = openGguf("test/fixtures/weights/tiny-llama.gguf");
  const weight = matrix("model.layers.0.self_attn.q_proj.weight", [64, 64]);
  assert.ok(weight.blocks !== undefined, "the file has blocks");
  const { narrow, wide } = factorsAt(weight, vectorSides(2));
  const { left, values, right } = leadingSvd(weight.read(), 64, 64, 2);
  assert.equal([...wide], [...Float32Array.from([...left[0]!, ...left[1]!])]);
  near(narrow.filter((_, i) => i % 2 === 1), right[1]!.map((value) => value * values[1]!), 1e-7); // prettier-ignore
});

test("a rank above a side of a chosen weight, and computing without a model, are errors", () => {
  throwsWith(
    () => loraXs({ ...spec, rank: 65, targets: ["value"] }, descriptions.smollm2.map((s) => ({ ...s, outputs: 64 }))), // prettier-ignore
    "rank: expected at most 64, the smaller side of layers.0.attention.value's weight, got 65",
  );
  throwsWith(() => loraXs({ ...spec, rank: 0 }, descriptions.minilm), "rank: expected");
  throwsWith(() => loraXs(spec, descriptions.minilm).bind({} as never), "lora-xs: expected a model, not its sites alone"); // prettier-ignore
});

test.run();
