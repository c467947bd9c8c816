import { suite } from "uvu";
import * as assert from "uvu/assert";
import { costText, scheduleCost, scheduleExplorer } from "../../../src/notebook/widgets/schedule-explorer";
import { scheduleFigure } from "../../../src/plot/schedule";
import type { ExplorerSettings } from "../../../src/notebook/widgets/schedule-explorer";
import { queriesAt } from "../../../src/schedule/schedule";
import { throwsWith } from "../../support/throws";

import { DIRECTIONAL, TWO_SIDED } from "../../../src/schedule/forward-passes";

const test = suite("notebook/widgets/schedule-explorer");

const paper: ExplorerSettings = {
  alpha: 0.85,
  exponent: { kind: "target", target: 20 },
  cap: 15,
  batchSize: 16,
  steps: 10_000,
  examples: 1000,
};

test("the paper's setting: 63 steps an epoch, beta 0.62, a mean of 11 queries", () => {
  const cost = scheduleCost(paper, TWO_SIDED);
  assert.is(cost.stepsPerEpoch, 63);
  assert.is(cost.beta.toFixed(2), "0.62");
  assert.is(cost.meanQueries.toFixed(1), "11.0");
  assert.is(cost.forwardPasses, 2 * cost.meanQueries * 10_000);
  assert.is(cost.oneQueryPasses, 20_000);
  assert.is(cost.oneQuerySteps, cost.forwardPasses / 2);
});

test("constant one query costs what it is compared to, and a directional step one pass more than its queries", () => {
  const one = { ...paper, cap: 1, steps: 100 };
  assert.is(scheduleCost(one, TWO_SIDED).forwardPasses, 200);
  assert.is(scheduleCost(one, DIRECTIONAL).forwardPasses, 200);
  assert.is(scheduleCost(one, DIRECTIONAL).meanQueries, 1);
  assert.match(
    costText(scheduleCost(one, TWO_SIDED), 1, 100, TWO_SIDED),
    /100 steps cost 200 forward passes .* 1\.0 times as many/,
  );
  // Three queries along one direction each: 1 + 3 passes a step, 400 in all.
  assert.match(
    costText(scheduleCost(one, DIRECTIONAL), 3, 100, DIRECTIONAL),
    "0.5 times as many as with 3 queries (400)",
  );
});

test("headless, the explorer has the given values, and the next cell its schedule", () => {
  const explorer = scheduleExplorer({ ...paper, exponent: { kind: "beta", beta: 0.5 }, cap: 8, parameters: 1000 });
  assert.equal(explorer.schedule, { kind: "power-law", form: "current", multiplier: 0.85, exponent: 0.5, cap: 8 });
  assert.is(queriesAt(explorer.schedule, { epoch: 16, step: 0 }), 3);
  assert.is(explorer.settings.cap, 8);
});

test("the figure's third panel is (d + Q + 1) / Q", () => {
  const { data } = scheduleFigure([{ name: "a", queries: 4 }], { steps: 10, stepsPerEpoch: 5, parameters: 95 });
  assert.equal(data[2]!.y, [25, 25]);
  assert.is(data[2]!.xaxis, "x3");
});

test("a study of its own size has a slider: few steps, few texts, a steep exponent", () => {
  const { settings } = scheduleExplorer({ steps: 4, examples: 4, batchSize: 2, exponent: { kind: "beta", beta: 3 } });
  assert.equal([settings.steps, settings.examples], [4, 4]);
});

test("a value outside its slider is refused", () => {
  throwsWith(() => scheduleExplorer({ cap: 0 }), "cap: expected a whole number from 1 to 64, got 0");
});

test.run();
