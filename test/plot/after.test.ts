import { suite } from "uvu";
import * as assert from "uvu/assert";
import { afterFigure } from "../../src/plot/after";
import type { AfterCurve } from "../../src/table/after";
import { throwsWith } from "../support/throws";

const test = suite("plot/after");

const point = (share: number, task: string, accuracy: number) => ({ share, task, accuracy, deviation: 0, seeds: 3 });
const curve: AfterCurve = {
  arm: "a<b",
  learningRate: 0.1,
  devLoss: 1,
  points: [point(0, "in", 0.5), point(0, "out", 0.6), point(1, "in", 0.9), point(1, "out", 0.4)],
};

test("an arm is a line from the frozen model to the tuned one, its name escaped", () => {
  const { data } = afterFigure([curve], { own: "in", other: "out" }, (arm) => arm);
  assert.equal([data[0]!.x, data[0]!.y, data[0]!.text], [[0.5, 0.9], [0.6, 0.4], ["share 0", "share 1"]]); // prettier-ignore
  assert.ok(!String(data[0]!.name).includes("<"));
});

test("without curves, or without one of the tasks, there is nothing to draw", () => {
  throwsWith(() => afterFigure([], { own: "in", other: "out" }, String), "curves: expected at least one arm's");
  throwsWith(() => afterFigure([curve], { own: "in", other: "none" }, String), "curve of a<b: expected scores on in and none"); // prettier-ignore
});

test.run();
