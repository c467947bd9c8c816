import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { LoraSpec } from "../../src/adapter/adapter";
import { lora } from "../../src/adapter/lora";
import { tensor } from "../../src/engine/reference/tensor";
import { llamaSites } from "../../src/model/llama";
import { view } from "../../src/tree/layout";
import { descriptions } from "../support/descriptions";
import { near } from "../support/near";
import { opsAt } from "../support/ops-at";
import { throwsWith } from "../support/throws";

const test = suite("adapter/lora");

const spec: LoraSpec = { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] };
// Grouped queries: query 3 -> 4, key and value 3 -> 2.
const sites = llamaSites({ layers: 2, hidden: 3, intermediate: 5, heads: 2, kvHeads: 1, headSize: 2 });

test("y + (alpha / rank) (x A) B as worked by hand", () => {
  const adapter = lora(spec, sites);
  const point = new Float32Array(adapter.layout.size);
  // x = [1, 2, 3], A = [[1, 0], [0, 1], [1, 1]], x A = [4, 5], B = [[1, 2], [3, 4]], (x A) B = [19, 28], times 2, plus y = [1, 1]
  view(adapter.layout, point, "layers.1.attention.value.A").set([1, 0, 0, 1, 1, 1]);
  view(adapter.layout, point, "layers.1.attention.value.B").set([1, 2, 3, 4]);
  const { hooks } = adapter.bind(opsAt(adapter.layout, [point]));
  const x = tensor([1, 1, 3], [1, 2, 3]);
  const y = tensor([1, 1, 2], [1, 1]);
  near(hooks.output("layers.1.attention.value", x, y).data, [39, 57], 1e-12);
  near(hooks.output("layers.0.attention.value", x, y).data, [1, 1], 0);
  assert.is(hooks.output("layers.1.attention.key", x, y), y);
  assert.is(hooks.input("layers.1.attention.value", x), x);
});

test("at the start B is zero and A uniform in 1 / sqrt(inputs): the model is unchanged", () => {
  const adapter = lora({ ...spec, rank: 8, alpha: 16 }, descriptions.minilm);
  const point = adapter.initial(0);
  const bound = 1 / Math.sqrt(384);
  const a = view(adapter.layout, point, "layers.3.attention.query.A");
  assert.ok(a.every((value) => Math.abs(value) <= bound));
  // variance of U(-b, b) is b^2 / 3; 3,072 values: a standard error of about 1.6 %
  const variance = a.reduce((sum, value) => sum + value * value, 0) / a.length;
  assert.ok(Math.abs(variance / (bound ** 2 / 3) - 1) < 0.08, `variance ${variance}`);
  for (const { name } of adapter.layout.entries.filter(({ name }) => name.endsWith(".B")))
    assert.ok(
      view(adapter.layout, point, name).every((value) => value === 0),
      name,
    );
});

test("tensors of equal shape lie one after another, whatever their site", () => {
  assert.equal(
    lora(spec, sites).layout.entries.map(({ name, shape }) => `${name} ${shape.join("x")}`),
    [
      "layers.0.attention.query.A 3x2",
      "layers.0.attention.value.A 3x2",
      "layers.1.attention.query.A 3x2",
      "layers.1.attention.value.A 3x2",
      "layers.0.attention.query.B 2x4",
      "layers.1.attention.query.B 2x4",
      "layers.0.attention.value.B 2x2",
      "layers.1.attention.value.B 2x2",
    ],
  );
});

test("a target that ends no site's name, and no target, are errors that name the possible ones", () => {
  throwsWith(
    () => lora({ ...spec, targets: ["q_proj"] }, sites),
    /targets: expected words that end a site's name \(query, key, value, output, gate, up, down; .*\), got "q_proj"/,
  );
  throwsWith(() => lora({ ...spec, targets: [] }, sites), /targets: expected at least one of query, key/);
});

test.run();
