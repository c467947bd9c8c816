import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { TrainCoreSpec } from "../../src/adapter/adapter";
import { factorsAt } from "../../src/adapter/frozen-core";
import { vectorSides } from "../../src/adapter/lora-xs";
import { siteMatrices } from "../../src/adapter/site-weights";
import { trainCore, trainSides } from "../../src/adapter/train-core";
import type { FrozenMatrix } from "../../src/ops/ops";
import { matrix, multiply, transpose } from "../../src/tt/matrix";
import { ttSvd } from "../../src/tt/tt-svd";
import { descriptions } from "../support/descriptions";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("adapter/train-core");
const spec: TrainCoreSpec = { kind: "tt-core", rank: 3, inner: 2, alpha: 6, targets: ["query", "down"] };

function frozen(shape: readonly [number, number], values: readonly number[]): FrozenMatrix {
  const all = Float32Array.from(values);
  return { name: "w", shape, read: () => all, rows: () => all };
}

const query = (): FrozenMatrix => siteMatrices(tinyModel("bert").model).get("layers.1.mlp.down")!;
const sizes = (values: ArrayLike<number>): readonly number[] => Array.from(values, Math.abs);

test("the outer cores, worked by hand: a weight that is a product of its modes", () => {
  // W^T[(a, i), o] = (3, 4)_a (2, 0; 0, 2)_io: U = (3, 4) / 5 and s = 5 |G| = 5 sqrt(8); one output beside the inner mode, so V = 1
  const { narrow, wide } = factorsAt(frozen([2, 4], [6, 0, 8, 0, 0, 6, 0, 8]), trainSides(1, 2));
  const [u, v] = [0.6, 0.8].map((value) => value * 5 * Math.sqrt(8));
  near(sizes(narrow), [u, 0, 0, u, v, 0, 0, v], 1e-6);
  near(sizes(wide), [1, 0, 0, 1], 1e-7);
});

test("they are TT-SVD's first core and last row space, and the first has its singular values", () => {
  const weight = query();
  const [outputs, inputs] = weight.shape;
  const [rank, inner] = [3, 2];
  const turned = transpose(matrix(outputs, inputs, weight.read()));
  const modes = { inputs: [inputs / inner, inner], outputs: [inner, outputs / inner] };
  const { cores } = ttSvd(turned, modes, rank);
  const { narrow, wide } = factorsAt(weight, trainSides(rank, inner));
  const side = rank * inner;
  for (let k = 0; k < rank; k++) {
    const column = Array.from({ length: inputs / inner }, (_, a) => narrow[a * inner * side + k * inner]!);
    const s = Math.sqrt(column.reduce((sum, value) => sum + value ** 2, 0));
    near(sizes(column.map((value) => value / s)), sizes(column.map((_, a) => cores[0]![a * rank + k]!)), 1e-4);
    const row = wide.subarray(k * outputs, k * outputs + outputs / inner);
    near([row.reduce((sum, value) => sum + value ** 2, 0)], [1], 1e-6);
  }
});

test("at full rank some core makes the weight itself: C = (U s kron 1)^-1 W^T (1 kron V)", () => {
  const weight = frozen([6, 4], Array.from({ length: 24 }, (_, i) => Math.sin(3 * i) + (i % 5 === 0 ? 1 : 0))); // prettier-ignore
  const { narrow, wide } = factorsAt(weight, trainSides(2, 2));
  const [left, right] = [matrix(4, 4, narrow), matrix(4, 6, wide)];
  const turned = transpose(matrix(6, 4, weight.read()));
  const scaled = multiply(transpose(left), left);
  const inverse = matrix(
    4,
    4,
    Float64Array.from(scaled.data, (value, i) => (i % 5 === 0 ? 1 / value : 0)),
  );
  const core = multiply(multiply(multiply(inverse, transpose(left)), turned), transpose(right));
  // Two of the three right vectors are kept, so what is made is W^T within their span.
  const span = multiply(transpose(right), right);
  near(multiply(multiply(left, core), right).data, multiply(turned, span).data, 1e-6);
});

test("with an inner mode of 1 its factors are LoRA-XS's, but for signs", () => {
  const [one, other] = [factorsAt(query(), trainSides(3, 1)), factorsAt(query(), vectorSides(3))];
  near(sizes(one.narrow), sizes(other.narrow), 1e-5);
  near(sizes(one.wide), sizes(other.wide), 1e-5);
});

test("the core starts at zero, and its size does not depend on the model's", () => {
  const adapter = trainCore({ ...spec, rank: 4, alpha: 16, targets: ["query", "value"] }, descriptions.minilm);
  assert.equal(adapter.initial(3), new Float32Array(12 * 64));
  assert.equal(adapter.layout.entries.map(({ name, shape }) => `${name} ${shape.join("x")}`)[1], "layers.0.attention.value.core 8x8"); // prettier-ignore
});

test("modes that do not divide, ranks above an outer mode, and computing without a model are errors", () => {
  throwsWith(() => trainCore({ ...spec, inner: 5, targets: ["query"] }, descriptions.minilm), "inner: expected a divisor of both sides of layers.0.attention.query's weight (384, 384), got 5"); // prettier-ignore
  throwsWith(() => trainCore({ ...spec, rank: 49, inner: 8, targets: ["query"] }, descriptions.minilm), "rank: expected at most 48, the smaller outer mode of layers.0.attention.query's weight, got 49"); // prettier-ignore
  throwsWith(() => trainCore({ ...spec, inner: 0 }, descriptions.minilm), "inner: expected");
  throwsWith(() => trainCore({ ...spec, alpha: -1 }, descriptions.minilm), "alpha: expected");
  throwsWith(() => trainCore(spec, descriptions.minilm).bind({} as never), "tt-core: expected a model, not its sites alone"); // prettier-ignore
});

test.run();
