import { suite } from "uvu";
import * as assert from "uvu/assert";
import { expectedRelativeOutput, matchingScale, measureInitialScale } from "../../src/tt/initial-scale";
import { throwsWith } from "../support/throws";

const test = suite("tt/initial-scale");
const options = { bottleneck: 64, rank: 5, scale: 1, draws: 40, rows: 2 };

test("width 1 and bottleneck 1: the expected square is (1/2 + 1/3)/2 * 1/2 + 1/3", () => {
  // Down: h^2/2 + 1/3 = 5/6, half of it left by relu: 5/12; Up: 5/12 * 1/2 + 1/3 = 13/24
  assert.ok(Math.abs(expectedRelativeOutput(1, 1, 1) - Math.sqrt(13 / 24)) < 1e-15);
  assert.is(expectedRelativeOutput(4096, 64, 1).toFixed(4), "0.0877");
});

test("many fresh adapters come near the derived value, and a smaller width is disturbed more", () => {
  // single draws scatter by about 60 %, so 200 of them by about 5 %: 4 standard errors are 20 %
  const small = measureInitialScale(384, { ...options, draws: 200 });
  assert.ok(Math.abs(small.rootMeanSquare / expectedRelativeOutput(384, 64, 1) - 1) < 0.2);
  assert.ok(small.median < small.rootMeanSquare && small.rootMeanSquare < small.largest);
  assert.ok(small.rootMeanSquare > 1.5 * measureInitialScale(2048, options).rootMeanSquare);
});

test("the change is proportional to s", () => {
  const whole = measureInitialScale(60, options).rootMeanSquare;
  const third = measureInitialScale(60, { ...options, scale: 0.3 }).rootMeanSquare;
  assert.ok(Math.abs(third / whole - 0.3) < 1e-12);
});

test("the matching scale gives a width the disturbance of another", () => {
  const s = matchingScale(576, 64, 4096);
  assert.ok(Math.abs(expectedRelativeOutput(576, 64, s) - expectedRelativeOutput(4096, 64, 1)) < 1e-15);
  assert.is(matchingScale(4096, 64, 4096), 1);
});

test("no draws, no rows or no scale are refused", () => {
  throwsWith(() => measureInitialScale(60, { ...options, draws: 0 }), "draws: expected a positive integer, got 0");
  throwsWith(() => measureInitialScale(60, { ...options, rows: 0 }), "rows: expected a positive integer, got 0");
  throwsWith(() => measureInitialScale(60, { ...options, scale: 0 }), "scale: expected a positive");
});

test.run();
