import { suite } from "uvu";
import * as assert from "uvu/assert";
import { referenceOps } from "../../src/engine/reference/low-ops";
import type { Tensor } from "../../src/engine/reference/tensor";
import { tensor } from "../../src/engine/reference/tensor";
import { classLosses } from "../../src/ops/class-losses";
import type { GivenName } from "../../src/ops/low-ops";
import { layoutOf } from "../../src/tree/layout";
import { crossEntropy } from "../../src/task/loss";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";

const test = suite("ops/class-losses");

const sizes = { rows: "K", width: 2, classes: 2 } as const;
const losses = (features: readonly number[], given: ReadonlyMap<GivenName, Tensor>): Tensor => {
  const rows = features.length / 2;
  const batch = { ids: Array.from({ length: rows }, () => [0]) };
  const low = referenceOps({ batch, layout: layoutOf([]), points: [[]], directions: [], given });
  return classLosses(low, tensor([1, rows, 2], features), sizes);
};
const given = (shares: readonly number[]): ReadonlyMap<GivenName, Tensor> =>
  new Map([
    ["rows", tensor([1, 2, 2], [1, 0, 0, 1])],
    ["biases", tensor([1, 1, 2], [0, 3])],
    ["shares", tensor([1, shares.length / 2, 2], shares)],
  ]);

test("the worked rows: scores (3, 3) cost ln 2 whatever is right; (1000, 3) cost 997 where the second is, and nothing where the first is", () => {
  const { shape, data } = losses([3, 0, 3, 0, 1000, 0, 1000, 0], given([1, 0, 0, 1, 0, 1, 1, 0]));
  assert.equal(shape, [1, 4, 1]);
  near(data, [Math.LN2, Math.LN2, 997, 0], 1e-15);
});

test("with a label's shares it is the cross-entropy that readouts have; shares of two classes mix their losses", () => {
  const features = [0.3, -1.2, 2, 0.7];
  const scores = Float64Array.from([0.3, 1.8, 2, 3.7]);
  const [first, second] = [0, 1].map((label) => crossEntropy(scores, 2, [label, label]).perExample);
  near(losses(features, given([1, 0, 1, 0])).data, first!, 1e-14);
  near(
    losses(features, given([0.25, 0.75, 0.25, 0.75])).data,
    first!.map((value, k) => 0.25 * value + 0.75 * second![k]!),
    1e-14,
  );
});

test("what the call does not bring is named", () => {
  throwsWith(() => losses([1, 2], new Map()), 'rows: expected values that the call brings, got "none"');
});

test.run();
