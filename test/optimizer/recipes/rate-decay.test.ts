import { suite } from "uvu";
import * as assert from "uvu/assert";
import { adazeta } from "../../../src/optimizer/recipes";
import { rateDecay } from "../../../src/optimizer/recipes/rate-decay";
import { queriesAt, scheduleAt } from "../../../src/schedule/schedule";
import { throwsWith } from "../../support/throws";

const test = suite("optimizer/recipes/rate-decay");

test("at equal forward passes the rate is that of a query of the schedule", () => {
  const exponent = { target: 20, epochs: 160 };
  const { queries } = adazeta({ exponent });
  const { learningRate, queries: one } = rateDecay({ exponent, learningRate: 0.3 });
  assert.equal(one, { kind: "constant", value: 1 });
  // An epoch of the schedule is as many own epochs as it has queries.
  let own = 0;
  let sum = 0;
  for (let epoch = 0; epoch < 160; epoch++) {
    const now = queriesAt(queries, { epoch, step: 0 });
    for (let i = 0; i < now; i++) {
      const rate = scheduleAt(learningRate, { epoch: own++, step: 0 });
      assert.is(rate, 0.3 / now);
      sum += rate;
    }
  }
  assert.ok(Math.abs(sum - 160 * 0.3) < 1e-9, "the same sum of rates");
});

test("a rate that is none is refused by name", () => {
  throwsWith(() => rateDecay({ exponent: 0.5, learningRate: 0 }), "learningRate: expected a positive number, got 0");
});

test("epochs that are no count, or more than can be looked at, are refused by name", () => {
  for (const epochs of [0, -1, 1.5, NaN, Infinity, 1e300, "200" as never])
    throwsWith(() => rateDecay({ exponent: 0.5, epochs }), "epochs: expected a positive integer, got");
  throwsWith(() => rateDecay({ exponent: 0.5, epochs: 1e9 }), "epochs: expected at most 100000, got 1000000000");
});

test.run();
