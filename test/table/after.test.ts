import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ExperimentRecord } from "../../src/experiment/record";
import { afterCurves } from "../../src/table/after";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";

const test = suite("table/after");

function record(
  arm: string,
  learningRate: number,
  losses: readonly number[],
  right: readonly number[],
  task = "sst5-two",
  seed = 0,
) {
  const shares = [0, 1].map((share, i) => ({
    share,
    scores: [{ task, loss: 1, accuracy: right[i], count: 10 }],
  }));
  const history = { evaluations: losses.map((loss, step) => ({ step, loss })) };
  return {
    arm,
    learningRate,
    seed,
    history,
    extra: { after: { point: "last", shares } },
  } as unknown as ExperimentRecord;
}

test("means over seeds at the rate that dev chooses, whatever the other tasks say", () => {
  const other = { ...record("a", 1, [0], [0, 0]), extra: null };
  const curves = afterCurves([
    record("a", 0.1, [1, 0.4], [0.5, 0.6]),
    record("a", 0.1, [1, 0.6], [0.5, 0.8], "sst5-two", 1),
    record("a", 0.3, [1, 0.9], [0.9, 0.9]),
    record("a", 0.3, [1, 0.9], [0.9, 0.9], "sst5-two", 1),
    record("b", 0.1, [1, 2], [0.5, 0.7]),
    other,
  ]);
  assert.equal(curves.map(({ arm, learningRate, devLoss }) => [arm, learningRate, devLoss]), [["a", 0.1, 0.5], ["b", 0.1, 1]]); // prettier-ignore
  const [start, end] = curves[0]!.points;
  assert.equal([start!.share, start!.accuracy, start!.deviation, start!.seeds], [0, 0.5, 0, 2]);
  near([end!.accuracy, end!.deviation], [0.7, Math.sqrt(0.02)], 1e-12);
  assert.is(curves[1]!.points[1]!.deviation, 0);
  assert.equal(afterCurves([other]), []);
});

test("runs that were scored on other tasks are not averaged together", () => {
  throwsWith(
    () => afterCurves([record("a", 0.1, [1], [0.5, 0.6]), record("a", 0.1, [1], [0.5, 0.6], "reviews", 1)]),
    "records of a: expected each scored at share 0 on sst5-two",
  );
});

test("a rate with fewer seeds than another is not chosen, and a seed that was recorded twice is refused", () => {
  const full = [0, 1].map((seed) => record("a", 0.1, [1, 0.6], [0.5, 0.8], "sst5-two", seed));
  const half = record("a", 0.3, [1, 0.1], [0.5, 0.9]);
  for (const records of [
    [...full, half],
    [half, ...full],
  ])
    assert.is(afterCurves(records)[0]!.learningRate, 0.1);
  throwsWith(() => afterCurves([...full, full[0]!]), "runs of a at rate 0.1: expected one for each seed (leave the others out), got \"two of seed 0\""); // prettier-ignore
});

test.run();
