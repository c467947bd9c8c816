import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readPast, writtenPast } from "../../src/optimizer/past";

const test = suite("optimizer/past");

test("steps are read as they were written, numbers in float32 and indexes whole", () => {
  assert.equal([...writtenPast([{ step: 3, numbers: [0.5] }])], [0, 3, 1, 0.5]);
  // Above 2^24 float32 has no odd numbers.
  const past = [
    { step: 2 ** 24 + 1, numbers: [0.5, -3] },
    { step: 2 ** 24, numbers: [] },
    { step: 7, numbers: [Math.fround(0.1)] },
  ];
  assert.equal(readPast(writtenPast(past)), past);
  assert.equal(readPast(writtenPast([{ step: 1, numbers: [0.1] }])), [{ step: 1, numbers: [Math.fround(0.1)] }]);
});

test("nothing was written before the first step", () => {
  assert.equal(readPast(undefined), []);
  assert.equal(writtenPast([]).length, 0);
});

test.run();
