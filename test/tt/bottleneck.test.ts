import { suite } from "uvu";
import * as assert from "uvu/assert";
import { tensorTrain as tensorTrainAdapter } from "../../src/adapter/tensor-train";
import { tensor } from "../../src/engine/reference/tensor";
import { bertSites } from "../../src/model/bert";
import { view } from "../../src/tree/layout";
import { bottleneckChange, initialBottleneck, type Bottleneck } from "../../src/tt/bottleneck";
import { matrix } from "../../src/tt/matrix";
import { presetModes } from "../../src/tt/plan";
import { tensorTrain } from "../../src/tt/train";
import { near } from "../support/near";
import { opsAt } from "../support/ops-at";
import { throwsWith } from "../support/throws";
import { randomMatrix } from "./fixture";

const test = suite("tt/bottleneck");
const one = { inputs: [1], outputs: [1] };
const scalar = (first: number, second: number, bias: number) => ({
  train: tensorTrain(one, 1, [Float32Array.of(first), Float32Array.of(second)]),
  bias: Float32Array.of(bias),
});

test("one core a side: s Up(relu(Down(h))) as worked by hand", () => {
  // Down = 2*3 = 6 with bias 1, Up = 0.5*4 = 2 with bias -1, s = 0.5
  // h = 2: Down 13, Up 25, 12.5; h = -1: Down -5 -> 0, Up -1, -0.5
  const adapter: Bottleneck = { down: scalar(2, 3, 1), up: scalar(0.5, 4, -1) };
  assert.equal([...bottleneckChange(adapter, matrix(2, 1, [2, -1]), 0.5).data], [12.5, -0.5]);
});

test("it is what the adapter adds at a site of a model, with the same numbers in its tensors", () => {
  const site = "layers.0.attention.output";
  const spec = {
    kind: "tensor-train",
    placement: "roberta",
    rank: 5,
    bottleneck: 64,
    scale: 0.3,
    modes: null,
  } as const;
  const adapter = tensorTrainAdapter(spec, bertSites({ layers: 1, hidden: 384, intermediate: 6 }));
  const fresh = initialBottleneck(presetModes["minilm-l6"], 5, 3);
  const point = new Float32Array(adapter.layout.size);
  for (const part of ["down", "up"] as const) {
    fresh[part].train.cores.forEach((core, i) => view(adapter.layout, point, `${site}.${part}.core.${i}`).set(core));
    view(adapter.layout, point, `${site}.${part}.bias`).set(fresh[part].bias);
  }
  const h = randomMatrix(3, 384);
  const y = adapter
    .bind(opsAt(adapter.layout, [point]))
    .hooks.output(site, tensor([1, 3, 384], h.data), tensor([1, 3, 384], h.data));
  const change = bottleneckChange(fresh, h, 0.3);
  near(
    change.data.map((value, i) => value + h.data[i]),
    y.data,
    1e-12,
  );
});

test("the same seed gives the same bits, another seed or the other matrix does not", () => {
  const [a, b, c] = [0, 0, 1].map((seed) => initialBottleneck(presetModes["minilm-l6"], 5, seed));
  assert.equal(a, b);
  assert.not.equal(a.down.train.cores[0], c.down.train.cores[0]);
  assert.not.equal(a.down.train.cores[0].slice(0, 5), a.up.train.cores[0].slice(0, 5));
});

test("activations of another width are refused", () => {
  const fresh = initialBottleneck(presetModes["minilm-l6"], 5, 0);
  throwsWith(
    () => bottleneckChange(fresh, randomMatrix(1, 383), 1),
    "columns of the left matrix: expected length 384, got 383",
  );
});

test.run();
