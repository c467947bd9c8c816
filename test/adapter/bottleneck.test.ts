import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Activation, BottleneckSpec } from "../../src/adapter/adapter";
import { bottleneck } from "../../src/adapter/bottleneck";
import { seats } from "../../src/adapter/placement";
import { tensor } from "../../src/engine/reference/tensor";
import { bertSites } from "../../src/model/bert";
import { view } from "../../src/tree/layout";
import { descriptions } from "../support/descriptions";
import { near } from "../support/near";
import { opsAt } from "../support/ops-at";
import { throwsWith } from "../support/throws";

const test = suite("adapter/bottleneck");

const spec: BottleneckSpec = {
  kind: "bottleneck",
  placement: "roberta",
  bottleneck: 2,
  activation: "relu",
  scale: 0.5,
};
const sites = bertSites({ layers: 2, hidden: 3, intermediate: 5 });
const h = tensor([1, 1, 3], [1, 2, 3]);

test("h + s Up(activation(Down h)) as worked by hand", () => {
  const adapter = bottleneck(spec, sites);
  const point = adapter.initial(0).fill(0);
  const set = (name: string, values: readonly number[]) =>
    view(adapter.layout, point, `layers.1.mlp.down.${name}`).set(values);
  // h = [1, 2, 3], Down h = [1 + 3, -2] + [1, 1] = [5, -1] -> relu [5, 0]; Up: [5, 10, 15] + [1, 0, 0], half of it: [3, 5, 7.5]
  set("down.weight", [1, 0, 0, -1, 1, 0]);
  set("down.bias", [1, 1]);
  set("up.weight", [1, 2, 3, 9, 9, 9]);
  set("up.bias", [1, 0, 0]);
  const run = (activation: Activation) =>
    bottleneck({ ...spec, activation }, sites)
      .bind(opsAt(adapter.layout, [point]))
      .hooks.output("layers.1.mlp.down", h, h).data;
  near(run("relu"), [4, 7, 10.5], 1e-7);
  // tanh(5), tanh(-1) = 0.99990920, -0.76159416: 1 + (a + 9 b + 1) / 2, 2 + (2 a + 9 b) / 2, 3 + (3 a + 9 b) / 2
  const [a, b] = [Math.tanh(5), Math.tanh(-1)];
  near(run("tanh"), [1 + (a + 9 * b + 1) / 2, 2 + (2 * a + 9 * b) / 2, 3 + (3 * a + 9 * b) / 2], 1e-7);
  const silu = (x: number) => x / (1 + Math.exp(-x));
  near(run("silu").subarray(1, 2), [2 + (2 * silu(5) + 9 * silu(-1)) / 2], 1e-7);
  // 5 Phi(5) = 4.99999857, -Phi(-1) = -0.15865525
  near(run("gelu").subarray(1, 2), [2 + (2 * 4.99999857 - 9 * 0.15865525) / 2], 1e-7);
});

test("at the start the model is unchanged, or nearly so with `up: small`", () => {
  const adapter = bottleneck(spec, sites);
  const { hooks } = adapter.bind(opsAt(adapter.layout, [adapter.initial(5)]));
  near(hooks.output("layers.0.attention.output", h, h).data, h.data, 0);
  const large = bottleneck({ ...spec, bottleneck: 64, up: "small" }, descriptions.minilm);
  const up = view(large.layout, large.initial(0), "layers.0.mlp.down.up.weight");
  // 24,576 draws: a standard error of 0.45 %
  const deviation = Math.sqrt(up.reduce((sum, x) => sum + x * x, 0) / up.length);
  assert.ok(Math.abs(deviation / 0.01 - 1) < 0.02, `deviation ${deviation}`);
});

test("every model has seats in both placements: OPT and BERT without a gate, Llama with three a layer", () => {
  const on = (placement: "llama" | "roberta", of: keyof typeof descriptions) =>
    seats({ placement, layers: [0] }, descriptions[of]).map(({ site, on }) => `${site} ${on}`);
  const afterBoth = ["layers.0.attention.output output", "layers.0.mlp.down output"];
  for (const name of ["smollm2", "minilm", "roberta-large"] as const) assert.equal(on("roberta", name), afterBoth);
  const ends = ["layers.0.mlp.up input", "layers.0.mlp.down output"];
  assert.equal(on("llama", "smollm2"), ["layers.0.mlp.gate input", ...ends]);
  assert.equal(on("llama", "minilm"), ends);
});

test("layers limit the seats", () => {
  const top = bottleneck({ ...spec, layers: { from: 1 } }, sites);
  assert.ok(top.layout.entries.every(({ name }) => name.startsWith("layers.1.")));
  assert.is(top.layout.size * 2, bottleneck(spec, sites).layout.size);
});

test("numbers out of range are refused", () => {
  throwsWith(() => bottleneck({ ...spec, bottleneck: 0 }, sites), "bottleneck: expected a positive integer, got 0");
  throwsWith(() => bottleneck({ ...spec, scale: 0 }, sites), "scale: expected a positive number, got 0");
  throwsWith(
    () => bottleneck({ ...spec, activation: "cube" as "relu" }, sites),
    'activation: expected relu, gelu, silu or tanh, got "cube"',
  );
});

test.run();
