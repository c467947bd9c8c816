import { suite } from "uvu";
import * as assert from "uvu/assert";
import { lossByStepsAndPasses } from "../../src/plot/loss";
import { objectiveFigure } from "../../src/plot/objective";
import type { RunRecord } from "../../src/table/record";
import { throwsWith } from "../support/throws";

const test = suite("plot/objective");

/** Evaluated at steps 0, 10, 20 of two forward passes each: the reward grows, and with it the loss. */
function rewarded(more: Partial<RunRecord> = {}): RunRecord {
  return {
    ...{ arm: "EGGROLL", seed: 0, learningRate: 3e-2, steps: [], diverged: null, chanceLoss: 4 },
    evaluations: [0.5, 0.7, 0.9].map((objective, i) => ({ step: 10 * i, forwardPasses: 20 * i, loss: 5 + i, accuracy: null, objective })), // prettier-ignore
    settings: { "objective.kind": "reward", "objective.name": "at most <b>4</b> words" },
    ...more,
  };
}

test("a run for a reward has it on the left, by its name as text, and its loss on the right, both against passes", () => {
  const { data, layout } = objectiveFigure([rewarded()]);
  assert.equal(
    data.map(({ x, y, yaxis, showlegend }) => ({ x, y, yaxis, showlegend })),
    [
      { x: [0, 20, 40], y: [5, 6, 7], yaxis: "y", showlegend: true },
      { x: [0, 20, 40], y: [0.5, 0.7, 0.9], yaxis: "y2", showlegend: false },
    ],
  );
  assert.is(data[0]!.line!.color, data[1]!.line!.color);
  assert.equal(layout.yaxis2!.title, {
    ...layout.yaxis!.title!,
    text: "dev reward (at most &lt;b&gt;4&lt;/b&gt; words)",
  });
  assert.ok(layout.xaxis2!.domain![1]! < layout.xaxis!.domain![0]!);
});

test("a metric has its name, several objectives have none together, and without one the losses are drawn as ever", () => {
  const metric = rewarded({ settings: { "objective.kind": "metric", "objective.metric": "accuracy" } });
  const titleOf = (...runs: readonly RunRecord[]) =>
    (objectiveFigure(runs).layout.yaxis2!.title as { text: string }).text;
  assert.equal([titleOf(metric), titleOf(metric, rewarded())], ["dev accuracy", "dev objective"]);
  const plain = rewarded({ settings: {} });
  assert.equal(objectiveFigure([plain]), lossByStepsAndPasses([plain]));
});

test("an evaluation without a number leaves a gap, a begun run an empty panel, and no run is refused", () => {
  const [first, second] = rewarded().evaluations;
  const gap = rewarded({ evaluations: [first!, { ...second!, objective: null }] });
  assert.equal(objectiveFigure([gap]).data[1]!.y, [0.5]);
  assert.equal(objectiveFigure([rewarded({ evaluations: [] })]).data[1]!.y, []);
  throwsWith(() => objectiveFigure([]), "at least one run");
});

test.run();
