import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cellsOf } from "../../src/experiment/cells";
import { objectivesGrid } from "../../src/experiment/objectives-grid";
import { differenceOf, evaluationLines, meanReward, objectiveArms, pairedMore } from "../../src/table/objectives";
import type { PlannedRecord } from "../../src/table/paper-cells";
import { madeRecord } from "../support/made-record";
import { near } from "../support/near";

const test = suite("table/objectives");

/** Two evaluations whose numbers are told from the cell: the second rate is the better one by accuracy, the worse one by loss. */
const planned: readonly PlannedRecord[] = cellsOf(objectivesGrid())
  .filter(({ task, arm }) => task!.startsWith("minilm-sst2") && arm === "xs-one")
  .map((cell) => {
    if (cell.seed > 1) return { cell, record: null };
    const second = cell.learningRate === 3e-2;
    const metric = cell.settings.objective !== undefined;
    const accuracy = (second ? 0.8 : 0.7) + cell.seed / 100;
    const look = (step: number, of: number) => ({ step, forwardPasses: 2 * step, evaluationPasses: 4, loss: second ? 0.6 : 0.5, accuracy: of, ...(metric && { objective: of }) }); // prettier-ignore
    const steps = { step: [1, 2], forwardPasses: [2, 4], queries: [1, 1], loss: [1, 1], rmsProjectedGradient: [0, 1], weightNorm: [1, 1] }; // prettier-ignore
    const history = { steps, evaluations: [look(0, 0.5), look(2, accuracy)] };
    const test = { loss: 0.7, accuracy: accuracy - (metric ? 0 : 0.05), count: 4, metrics: { f1: 0.25 } };
    return { cell, record: madeRecord(cell, { history, extra: { bestStep: 2, test } }) };
  });
const arms = objectiveArms(planned);
const armOf = (part: string) => arms.find((each) => each.part === part)!;

test("each arm stands at the rate that is best on dev by what it was trained for", () => {
  assert.equal(
    arms.map(({ part, learningRate, perturbationScale }) => [part, learningRate, perturbationScale]),
    [
      ["minilm-sst2-loss", 1e-2, 1e-3],
      ["minilm-sst2-accuracy", 3e-2, 0.1],
      ["minilm-sst2-f1", 3e-2, 0.1],
      ["minilm-sst2-loss-wide", 1e-2, 0.1],
    ],
  );
  const [run] = armOf("minilm-sst2-accuracy").runs;
  assert.equal([run!.level, run!.test, run!.best.step], [0.5, { accuracy: 0.8, loss: 0.7, f1: 0.25 }, 2]);
  assert.equal(objectiveArms(planned.map(({ cell }) => ({ cell, record: null }))), []);
});

test("differences are paired by seed, with an interval from two seeds on", () => {
  // At both seeds 0.8 - (0.7 - 0.05) = 0.15.
  const more = pairedMore(armOf("minilm-sst2-accuracy"), armOf("minilm-sst2-loss"), ({ test }) => test["accuracy"]);
  near([more!.mean, more!.interval!.low, more!.interval!.high], [0.15, 0.15, 0.15], 1e-9);
  assert.is(more!.seeds, 2);
  assert.is(
    pairedMore(armOf("minilm-sst2-f1"), armOf("minilm-sst2-loss"), ({ test }) => test["nothing"]),
    null,
  );
  assert.equal([differenceOf([]), differenceOf([2])], [null, { mean: 2, interval: null, seeds: 1 }]);
});

test("a line has the mean over seeds where all have a number; a reward that is missing leaves no mean", () => {
  const [line] = evaluationLines([armOf("minilm-sst2-loss")], ({ part }) => part, ({ accuracy }) => accuracy); // prettier-ignore
  assert.is(line!.name, "minilm-sst2-loss");
  near(line!.points.flatMap(({ x, y }) => [x, y]), [0, 0.5, 4, 0.705], 1e-12); // prettier-ignore
  const [none] = evaluationLines([armOf("minilm-sst2-loss")], ({ part }) => part, ({ objective }) => objective); // prettier-ignore
  assert.equal(none!.points, []);
  assert.equal([meanReward([1, 0]), meanReward([1, null]), meanReward([])], [0.5, null, null]);
});

test.run();
