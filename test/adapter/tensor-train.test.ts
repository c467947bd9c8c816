import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { TensorTrainSpec } from "../../src/adapter/adapter";
import { tensorTrain } from "../../src/adapter/tensor-train";
import { tensor } from "../../src/engine/reference/tensor";
import { bertSites } from "../../src/model/bert";
import { llamaSites } from "../../src/model/llama";
import { reconstruct } from "../../src/tt/contract";
import { tensorTrain as trainOf } from "../../src/tt/train";
import { entryOf, view } from "../../src/tree/layout";
import { descriptions } from "../support/descriptions";
import { near } from "../support/near";
import { opsAt } from "../support/ops-at";
import { throwsWith } from "../support/throws";

const test = suite("adapter/tensor-train");

const spec: TensorTrainSpec = {
  kind: "tensor-train",
  placement: "roberta",
  rank: 5,
  bottleneck: 64,
  scale: 1,
  modes: null,
};
const tiny = bertSites({ layers: 2, hidden: 6, intermediate: 12 });
const small: TensorTrainSpec = {
  ...spec,
  rank: 2,
  bottleneck: 4,
  scale: 0.5,
  modes: { down: { inputs: [2, 3], outputs: [2, 2] }, up: { inputs: [4], outputs: [3, 2] } },
};

test("one core a side: h + s Up(relu(Down(h))) as worked by hand", () => {
  // width 1, bottleneck 1, rank 1: Down = 2*3 = 6, Up = 0.5*4 = 2, biases 1 and -1, s = 0.1
  // h = 2: Down 2*6 + 1 = 13, Up 13*2 - 1 = 25, 2 + 0.1*25 = 4.5; h = -1: Down -5 -> 0, Up -1, -1 - 0.1 = -1.1
  const modes = { inputs: [1], outputs: [1] };
  const sites = bertSites({ layers: 1, hidden: 1, intermediate: 1 });
  const adapter = tensorTrain(
    { ...spec, rank: 1, bottleneck: 1, scale: 0.1, modes: { down: modes, up: modes } },
    sites,
  );
  const point = new Float32Array(adapter.layout.size);
  const set = (name: string, value: number) =>
    view(adapter.layout, point, `layers.0.attention.output.${name}`).fill(value);
  set("down.core.0", 2);
  set("down.core.1", 3);
  set("down.bias", 1);
  set("up.core.0", 0.5);
  set("up.core.1", 4);
  set("up.bias", -1);
  const ops = opsAt(adapter.layout, [point]);
  const h = tensor([1, 2, 1], [2, -1]);
  near(adapter.bind(ops).hooks.output("layers.0.attention.output", h, h).data, [4.5, -1.1], 1e-7);
});

test("stacked halves give what reconstructed matrices give, at every site", () => {
  const adapter = tensorTrain(small, tiny);
  const points = [adapter.initial(1), adapter.initial(2)];
  const { hooks } = adapter.bind(opsAt(adapter.layout, points));
  const h = tensor(
    [1, 3, 6],
    Float64Array.from({ length: 18 }, (_, i) => Math.sin(i)),
  );
  for (const site of ["layers.0.attention.output", "layers.1.mlp.down"]) {
    const expected = points.flatMap((point) => {
      const read = (name: string) => view(adapter.layout, point, `${site}.${name}`);
      const dense = (part: "down" | "up", ranks: readonly number[]) =>
        reconstruct(
          trainOf(
            small.modes![part],
            ranks,
            ranks.slice(1).map((_, i) => read(`${part}.core.${i}`)),
          ),
        );
      const [down, up] = [dense("down", [1, 2, 2, 2, 1]), dense("up", [1, 2, 2, 1])];
      return [0, 1, 2].flatMap((row) => {
        const x = h.data.subarray(row * 6, row * 6 + 6);
        const inner = [0, 1, 2, 3].map((j) =>
          x.reduce((sum, v, i) => sum + v * down.data[i * 4 + j], read("down.bias")[j]),
        );
        const active = inner.map((value) => Math.max(value, 0));
        return [...x].map(
          (v, i) => v + 0.5 * active.reduce((sum, a, j) => sum + a * up.data[j * 6 + i], read("up.bias")[i]),
        );
      });
    });
    near(hooks.output(site, h, h).data, expected, 1e-12, site);
  }
});

test("other sites, and inputs where the placement is on outputs, are left as they are", () => {
  const adapter = tensorTrain(small, tiny);
  const { hooks } = adapter.bind(opsAt(adapter.layout, [adapter.initial(0)]));
  const h = tensor([1, 1, 6], [1, 2, 3, 4, 5, 6]);
  assert.is(hooks.output("layers.0.attention.query", h, h), h);
  assert.is(hooks.input("layers.0.attention.output", h), h);
});

test("the Llama placement changes the inputs of gate and up and the output of down", () => {
  const sites = llamaSites({ layers: 2, hidden: 6, intermediate: 8, heads: 1, kvHeads: 1, headSize: 6 });
  const adapter = tensorTrain({ ...small, placement: "llama" }, sites);
  const { hooks } = adapter.bind(opsAt(adapter.layout, [adapter.initial(0)]));
  const h = tensor([1, 1, 6], [1, 2, 3, 4, 5, 6]);
  const changed = sites.flatMap(({ name }) => [
    ...(hooks.input(name, h) === h ? [] : [`${name} input`]),
    ...(hooks.output(name, h, h) === h ? [] : [`${name} output`]),
  ]);
  assert.equal(
    changed,
    [0, 1].flatMap((i) => [`layers.${i}.mlp.gate input`, `layers.${i}.mlp.up input`, `layers.${i}.mlp.down output`]),
  );
});

test("equal cores of all sites lie one after another, and only cores decay", () => {
  const { layout } = tensorTrain(small, tiny);
  assert.equal(
    layout.entries.slice(0, 5).map((entry) => entry.name),
    [
      "layers.0.attention.output.down.core.0",
      "layers.0.mlp.down.down.core.0",
      "layers.1.attention.output.down.core.0",
      "layers.1.mlp.down.down.core.0",
      "layers.0.attention.output.down.core.1",
    ],
  );
  assert.equal(entryOf(layout, "layers.1.mlp.down.down.core.1").shape, [2, 3, 2]);
  assert.ok(layout.entries.every(({ name, decay }) => decay === !name.endsWith("bias")));
});

test("at the start W has the standard deviation sqrt(1 / (inputs + outputs)), and Up is not zero", () => {
  const adapter = tensorTrain(spec, descriptions.minilm);
  const point = adapter.initial(4);
  let [squares, count] = [0, 0];
  for (const { name } of descriptions.minilm.filter(({ name }) => /attention\.output|mlp\.down/.test(name))) {
    const cores = [0, 1, 2, 3, 4].map((i) => view(adapter.layout, point, `${name}.up.core.${i}`));
    const w = reconstruct(trainOf({ inputs: [8, 8], outputs: [8, 6, 8] }, [1, 5, 5, 5, 5, 1], cores));
    w.data.forEach((value) => (squares += value * value));
    count += w.data.length;
  }
  // Twelve draws of a product whose variance itself varies by a half: within a third of the theory.
  const ratio = Math.sqrt(squares / count) / Math.sqrt(1 / (64 + 384));
  assert.ok(ratio > 2 / 3 && ratio < 4 / 3, `ratio ${ratio}`);
  const bias = view(adapter.layout, point, "layers.0.mlp.down.down.bias");
  assert.ok(bias.every((value) => Math.abs(value) <= 1 / 8) && bias.some((value) => value !== 0));
});

test("a seed gives the same bits again, and another seed others", () => {
  const adapter = tensorTrain(small, tiny);
  assert.equal(adapter.initial(7), adapter.initial(7));
  assert.not.equal(adapter.initial(7), adapter.initial(8));
});

test("without biases: what biases of zero give", () => {
  const [biased, bare] = [tensorTrain(small, tiny), tensorTrain({ ...small, biases: false }, tiny)];
  // 4 seats, each with a bias of 4 and one of 6
  assert.is(biased.layout.size - bare.layout.size, 4 * (4 + 6));
  const bareStart = bare.initial(3);
  const point = new Float32Array(biased.layout.size);
  for (const { name } of bare.layout.entries) view(biased.layout, point, name).set(view(bare.layout, bareStart, name));
  const h = tensor(
    [1, 2, 6],
    Array.from({ length: 12 }, (_, i) => Math.sin(i)),
  );
  const at = (adapter: typeof bare, theta: Float32Array) =>
    adapter.bind(opsAt(adapter.layout, [theta])).hooks.output("layers.1.attention.output", h, h).data;
  near(at(bare, bareStart), at(biased, point), 1e-12);
});

test("modes that do not fit and a model without the placement's sites are errors", () => {
  const modes = { down: { inputs: [2, 2], outputs: [2, 2] }, up: { inputs: [4], outputs: [6] } };
  throwsWith(
    () => tensorTrain({ ...small, modes }, tiny),
    /modes\.down\.inputs \[2, 2\]: expected a product of 6, got 4/,
  );
  throwsWith(
    () =>
      tensorTrain(
        spec,
        tiny.filter(({ name }) => !name.includes("attention")),
      ),
    /placement "roberta": expected a model with sites that end in "\.attention\.output"/,
  );
  throwsWith(() => tensorTrain({ ...spec, rank: 0 }, tiny), /rank: expected a positive integer, got 0/);
});

test.run();
