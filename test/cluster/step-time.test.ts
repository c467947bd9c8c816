import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bestWorkers, stepTime, type StepCosts } from "../../src/cluster/step-time";
import { stepTimesFigure } from "../../src/plot/step-times";
import { throwsWith } from "../support/throws";

const test = suite("cluster/step-time");
const ideal: StepCosts = { query: 100, walk: 0, perWorker: 0, wire: 0, own: 0, spread: 0 };
const real: StepCosts = { query: 100, walk: 10, perWorker: 2, wire: 5, own: 20, spread: 0.1 };

test("without costs but the queries' own, n workers take the time of the fullest one", () => {
  assert.equal(
    [0, 1, 3, 8, 1000].map((workers) => stepTime(ideal, 8, workers)),
    [800, 800, 300, 100, 100],
  );
  // 20 + 5 + 2 x 4 + (10 + 200) exp(0.1 sqrt(2 ln 4))
  assert.is(stepTime(real, 8, 4), 33 + 210 * Math.exp(0.1 * Math.sqrt(2 * Math.log(4))));
});

test("more workers than queries change nothing; one query never pays; with more queries more workers do", () => {
  for (const queries of [1, 4, 16, 64]) assert.is(stepTime(real, queries, 1000), stepTime(real, queries, queries));
  const best = [1, 4, 16, 64].map((queries) => bestWorkers(real, queries, 1000));
  assert.is(best[0], 0);
  for (let i = 1; i < best.length; i++) assert.ok(best[i]! >= best[i - 1]! && best[i]! > 0);
  for (const [i, queries] of [1, 4, 16, 64].entries())
    for (let workers = 0; workers <= 64; workers++)
      assert.ok(stepTime(real, queries, best[i]!) <= stepTime(real, queries, workers));
});

test("a worker that costs more on the way than it computes is not asked", () => {
  assert.is(bestWorkers({ ...real, perWorker: 500 }, 4, 1000), 0);
});

test("what is no count is refused", () => {
  throwsWith(() => stepTime(real, 0, 1), "queries: expected a positive integer");
  throwsWith(() => stepTime(real, 1, -1), "workers: expected a count");
  throwsWith(() => stepTimesFigure(real, []), "queries: expected at least one number");
});

test("the figure has a curve for each number of queries, and a mark where more workers do not pay", () => {
  const { data } = stepTimesFigure(real, [1, 16]);
  assert.equal(
    data.map(({ name }) => name),
    ["Q = 1", "Q = 16", `Q = 16: ${bestWorkers(real, 16, 1000)}`],
  );
});

test.run();
