import { suite } from "uvu";
import * as assert from "uvu/assert";
import { crossEntropy, crossEntropyDerivatives, predictions, probabilities } from "../../src/task/loss";
import { throwsWith } from "../support/throws";

const test = suite("task/loss");
const near = (got: number, expected: number, tolerance = 1e-12) =>
  assert.ok(Math.abs(got - expected) <= tolerance, `${got} is not ${expected}`);

test("the worked example: scores [0, log 3] with label 1 lose log(4/3), equal scores lose log 2", () => {
  // softmax([0, log 3]) = [1/4, 3/4]: -log(3/4) = log(4/3); softmax([0, 0]) = [1/2, 1/2]
  const loss = crossEntropy(new Float64Array([0, Math.log(3), 0, 0]), 2, [1, 0]);
  near(loss.perExample[0], Math.log(4 / 3));
  near(loss.perExample[1], Math.log(2));
  near(loss.mean, (Math.log(4 / 3) + Math.log(2)) / 2);
  near(probabilities(new Float64Array([0, Math.log(3)]), 2)[1], 0.75);
});

test("the worked derivative: at equal scores, pushing the right class up by 1 lowers the loss by 1/2", () => {
  // softmax - onehot = [1/2, -1/2]; times ds = [0, 1] is -1/2; times ds = [1, 1] is 0 (a common shift changes nothing)
  const slopes = crossEntropyDerivatives(new Float64Array([0, 0]), new Float64Array([0, 1, 1, 1]), 2, [1]);
  assert.equal(slopes, [-0.5, 0]);
});

test("the derivative is the limit of the difference quotient", () => {
  const scores = Float64Array.from({ length: 12 }, (_, i) => Math.sin(3 * i));
  const along = Float64Array.from({ length: 12 }, (_, i) => Math.cos(5 * i));
  const labels = [2, 0, 1, 1];
  const at = (t: number) =>
    crossEntropy(
      scores.map((s, i) => s + t * along[i]),
      3,
      labels,
    ).mean;
  near(crossEntropyDerivatives(scores, along, 3, labels)[0], (at(1e-5) - at(-1e-5)) / 2e-5, 1e-9);
});

test("large scores do not overflow", () => {
  near(crossEntropy(new Float64Array([1000, 0]), 2, [0]).mean, 0);
  near(crossEntropy(new Float64Array([1000, 0]), 2, [1]).mean, 1000);
});

test("NaN and infinite scores are passed through, and predict no class", () => {
  assert.ok(Number.isNaN(crossEntropy(new Float64Array([NaN, 0]), 2, [1]).mean));
  assert.is(crossEntropy(new Float64Array([Infinity, 0]), 2, [1]).mean, Infinity);
  assert.equal(predictions(new Float64Array([NaN, 0, 1, 3, 2, 2]), 2), [-1, 1, 0]);
});

test("a label that is no class, an empty batch and a wrong length are errors", () => {
  throwsWith(() => crossEntropy(new Float64Array(2), 2, [2]), "labels[0]: expected a class in 0..1, got 2");
  throwsWith(() => crossEntropy(new Float64Array(0), 2, []), "labels: expected at least one example");
  throwsWith(() => crossEntropy(new Float64Array(3), 2, [0]), "scores: expected length 2, got 3");
});

test.run();
