import { suite } from "uvu";
import * as assert from "uvu/assert";
import { stepsPerEpoch } from "../../src/schedule/forward-passes";
import { batchAt, epochBatches } from "../../src/task/batches";
import { throwsWith } from "../support/throws";

const test = suite("task/batches");

test("the worked steps per epoch of the schedule's table: 1000, 150 and 300 examples in batches of 16", () => {
  assert.equal(
    [1000, 150, 300].map((n) => stepsPerEpoch(n, 16)),
    [63, 10, 19],
  );
});

test("an epoch has every example once, and a short last batch", () => {
  const batches = epochBatches(1, 0, 10, 4);
  assert.equal(
    batches.map((batch) => batch.length),
    [4, 4, 2],
  );
  assert.equal(
    batches.flat().sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
});

test("the same arguments give the same batches; another epoch or seed gives others", () => {
  assert.equal(epochBatches(1, 2, 100, 8), epochBatches(1, 2, 100, 8));
  assert.not.equal(epochBatches(1, 2, 100, 8), epochBatches(1, 3, 100, 8));
  assert.not.equal(epochBatches(1, 2, 100, 8), epochBatches(2, 2, 100, 8));
});

test("a step's batch is its epoch's batch", () => {
  const walk = [0, 1, 2].flatMap((epoch) => epochBatches(5, epoch, 7, 3));
  walk.forEach((indices, step) => assert.equal(batchAt(5, step, 7, 3), { epoch: Math.floor(step / 3), indices }));
});

test("a batch larger than the data takes all of it; a batch of one works", () => {
  assert.equal(epochBatches(0, 0, 3, 8).length, 1);
  assert.equal(epochBatches(0, 0, 3, 1).length, 3);
});

test("no examples, no batch size and a negative step are errors", () => {
  throwsWith(() => epochBatches(0, 0, 0, 4), "examples: expected a positive integer, got 0");
  throwsWith(() => stepsPerEpoch(4, 0), "batchSize: expected a positive integer, got 0");
  throwsWith(() => batchAt(0, -1, 4, 2), "step: expected a non-negative integer, got -1");
});

test.run();
