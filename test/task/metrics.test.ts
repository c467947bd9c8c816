import { suite } from "uvu";
import * as assert from "uvu/assert";
import { accuracy, f1, macroF1, matthews } from "../../src/task/metrics";
import { throwsWith } from "../support/throws";

const test = suite("task/metrics");
// predicted 1,0,1,1 of 1,1,1,0: TP 2, FN 1, FP 1, TN 0
const predicted = [1, 0, 1, 1];
const labels = [1, 1, 1, 0];

test("the worked example: accuracy 2/4, F1 4/6, Matthews -1/3", () => {
  assert.is(accuracy(predicted, labels), 0.5);
  assert.is(f1(predicted, labels), 4 / 6);
  // (TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)) = (0 - 1) / sqrt(3 * 3 * 1 * 1) = -1/3
  assert.is(matthews(predicted, labels), -1 / 3);
});

test("macro F1 weights classes equally", () => {
  assert.is(macroF1(predicted, labels, 2), (4 / 6 + 0) / 2);
});

test("perfect predictions score 1, with six classes too", () => {
  const classes = [0, 1, 2, 3, 4, 5, 5, 2];
  assert.is(accuracy(classes, classes), 1);
  assert.is(macroF1(classes, classes, 6), 1);
  assert.is(matthews(classes, classes), 1);
});

test("one class predicted throughout has no correlation, and F1 of an absent class is 0", () => {
  assert.is(matthews([1, 1, 1], [1, 0, 1]), 0);
  assert.is(f1([0, 0], [0, 0]), 0);
});

test("a prediction of -1 is never right", () => {
  assert.is(accuracy([-1, 0], [0, 0]), 0.5);
});

test("no examples and unequal lengths are errors", () => {
  throwsWith(() => accuracy([], []), "labels: expected at least one example");
  throwsWith(() => f1([1], [1, 0]), "predictions: expected length 2, got 1");
});

test.run();
