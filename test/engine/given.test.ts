import { suite } from "uvu";
import * as assert from "uvu/assert";
import { givenGradient } from "../../src/engine/given";
import type { ClassScores, RowLoss } from "../../src/engine/session";
import { throwsWith } from "../support/throws";

const test = suite("engine/given");

const model = { width: 2, embeddingWidth: 3 };
const batch = { ids: [[5, 6], [7]], scored: [[0, 1], 0] };
const classes: ClassScores = { rows: [1, 2, 3, 4], biases: [0, 0], shares: [1, 0, 0, 1, 1, 0] };
const loss: RowLoss = { weights: [0.5, 0.5, 0], classes };

test("a loss over classes brings rows, biases and shares of each scored position, and its weights are the derivative", () => {
  const { form, values, cotangent } = givenGradient(model, batch, loss);
  assert.equal(form, { classes: 2, offset: null });
  assert.equal(
    [...values].map(([name, { shape }]) => [name, shape]),
    [
      ["rows", [1, 2, 2]],
      ["biases", [1, 1, 2]],
      ["shares", [1, 3, 2]],
    ],
  );
  assert.equal(cotangent, loss.weights);
});

test("features of width 1 are losses themselves; a pull-back brings nothing; an offset has a row for each token", () => {
  const scorer = { ...model, width: 1 };
  const rows = new Float32Array(9);
  assert.equal(givenGradient(scorer, batch, { weights: [1, 2, 3], classes: null }), {
    form: { classes: null, offset: null },
    values: new Map(),
    cotangent: [1, 2, 3],
  });
  const { form, values, cotangent } = givenGradient(model, batch, () => rows, { rows, by: "offset" });
  assert.equal(form, { classes: null, offset: "offset" });
  assert.equal(values, new Map([["offset", { data: rows, shape: [1, 3, 3] }]]));
  assert.is(cotangent, null);
});

test("what does not fit is refused by name, with what would", () => {
  const refused = (wrong: RowLoss, what: string): void => throwsWith(() => givenGradient(model, batch, wrong), what);
  refused({ weights: [1, 1], classes }, "loss.weights: expected length 3, got 2");
  refused({ weights: [1, 1, 1], classes: null }, "loss.classes: expected rows of classes");
  refused({ ...loss, classes: { ...classes, rows: [1, 2, 3] } }, "loss.classes.rows: expected length 4, got 3");
  refused({ ...loss, classes: { ...classes, shares: [1, 0] } }, "loss.classes.shares: expected length 6, got 2");
  refused({ ...loss, classes: { rows: [], biases: [], shares: [] } }, "loss.classes: expected at least one class");
  throwsWith(
    () => givenGradient(model, batch, loss, { rows: [1, 2], by: "both" }),
    "offset.rows: expected 9 numbers (3 tokens x 3, the embedding's width), got 2",
  );
});

test.run();
