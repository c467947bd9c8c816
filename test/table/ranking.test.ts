import { suite } from "uvu";
import * as assert from "uvu/assert";
import { passesToLowest, rankingTable, rankMethods, sharedSeeds } from "../../src/table/ranking";
import type { RunRecord } from "../../src/table/record";
import { throwsWith } from "../support/throws";

type RankedRate = Parameters<typeof passesToLowest>[1];

const test = suite("table/ranking");

/** Evaluations after 0, 100, 200, ... passes and 0, 50, 100, ... steps. */
function run(arm: string, seed: number, losses: readonly (number | null)[], learningRate = 3e-3): RunRecord {
  const evaluations = losses.map((loss, i) => ({ step: 50 * i, forwardPasses: 100 * i, loss, accuracy: 0.5 }));
  return { arm, seed, learningRate, steps: [], evaluations, diverged: null, chanceLoss: Math.log(6) };
}

const two = (arm: string, a: readonly (number | null)[], b: readonly (number | null)[], rate?: number) => [
  run(arm, 0, a, rate),
  run(arm, 1, b, rate),
];
const passes = (most: number) => ({ kind: "passes", most }) as const;

test("of losses 1.0 and 0.8 the mean 0.9 is ahead of 1.05, by 0.15 with the interval of two differences", () => {
  const runs = [...two("b", [2, 1.2], [2, 0.9]), ...two("a", [2, 1.0], [2, 0.8])];
  const [first, second] = rankMethods(runs, passes(100), "b");
  assert.equal([first.arm, second.arm], ["a", "b"]);
  assert.ok(Math.abs(first.loss.mean - 0.9) < 1e-12 && first.toLowest === null);
  // Differences 0.2 and 0.1: 0.15 +- 12.706 * 0.0707 / sqrt 2
  assert.ok(Math.abs(second.toLowest!.mean - 0.15) < 1e-12);
  assert.ok(Math.abs(second.toLowest!.interval.high - 0.785) < 1e-3 && second.toLowest!.together);
  assert.ok(Math.abs(first.toReference!.mean + 0.15) < 1e-12);
});

test("an arm stands at the rate that is best within what was spent, not at its end", () => {
  const runs = [...two("a", [2, 1.5, 0.5], [2, 1.5, 0.5], 1e-3), ...two("a", [2, 1, 3], [2, 1, 3], 1e-2)];
  assert.is(rankMethods(runs, passes(100), "a")[0].learningRate, 1e-2);
  assert.is(rankMethods(runs, passes(200), "a")[0].learningRate, 1e-3);
  assert.is(rankMethods(runs, { kind: "steps", most: 50 }, "a")[0].learningRate, 1e-2);
});

test("a rate with fewer seeds than another is not chosen, and a run that only rose counts with its start", () => {
  const runs = [run("a", 0, [2, 0.1], 1e-2), ...two("a", [2, 2.5], [2, null], 1e-3)];
  const [only] = rankMethods(runs, passes(100), "a");
  assert.equal([only.learningRate, only.loss.mean, only.loss.count], [1e-3, 2, 2]);
});

test("at equal time a method with dear passes has fewer of them; one whose time is not known is left out", () => {
  const runs = [
    ...two("a", [2, 1, 0.5], [2, 1, 0.5]),
    ...two("b", [2, 1.2, 0.4], [2, 1.2, 0.4]),
    ...two("c", [2], [2]),
  ];
  const secondsPerPass = new Map([
    ["a", 0.01],
    ["b", 0.02],
  ]);
  const ranked = rankMethods(runs, { kind: "seconds", most: 2, secondsPerPass }, "a");
  assert.equal(ranked.map(({ arm, loss }) => [arm, loss.mean]), [["a", 0.5], ["b", 1.2]]); // prettier-ignore
});

test("two runs of one seed at one rate are refused: a mean over seeds would count that seed twice", () => {
  const runs = [...two("a", [2, 1], [2, 1]), run("a", 1, [2, 0.5])];
  throwsWith(() => rankMethods(runs, passes(100), "a"), 'runs of a at rate 0.003: expected one for each seed (leave the others out), got "two of seed 1"'); // prettier-ignore
  const rate = { arm: "a", learningRate: 3e-3 } as RankedRate;
  throwsWith(() => passesToLowest(runs, rate, rate), "two of seed 1");
});

test("shared seeds: those that every arm has at each rate", () => {
  const runs = [...two("a", [2], [2], 1e-3), ...two("a", [2], [2], 1e-2), run("b", 1, [2]), run("b", 3, [2])];
  assert.equal(sharedSeeds(runs), [1]);
  assert.equal(sharedSeeds([...runs, run("a", 0, [2], 3e-4)]), []);
  throwsWith(() => sharedSeeds([]), "runs: expected at least one run");
});

test("the table marks what cannot be told apart", () => {
  const runs = [...two("b", [2, 1.2], [2, 0.9]), ...two("a", [2, 1.0], [2, 0.8])];
  const { table } = rankingTable(rankMethods(runs, passes(100), "a"), "a");
  assert.equal(table.array("method"), ["a", "b"]);
  assert.equal(table.array("above the lowest"), ["", "+0.150 (-0.485 to 0.785) ="]);
  assert.equal(table.columnNames().at(-1), "against a");
});

test("passes to the reference's lowest loss, seed by seed: both of one seed, without end where it never comes there", () => {
  const reference = [run("a", 0, [2, 1, 0.5, 0.6]), run("a", 1, [2, 1.5]), run("a", 2, [null]), run("a", 3, [2])];
  const runs = [...reference, run("b", 0, [2, 0.4]), run("b", 1, [2, 1.6]), run("b", 2, [1]), run("b", 1, [1], 1e-3)];
  const [a, b] = ["a", "b"].map((arm) => ({ arm, learningRate: 3e-3 })) as [RankedRate, RankedRate];
  const [before, next] = reference[0]!.evaluations.map(({ forwardPasses }) => forwardPasses);
  const each = next - before;
  assert.equal(passesToLowest(runs, b, a), [
    { seed: 0, loss: 0.5, reference: before + 2 * each, passes: before + each },
    { seed: 1, loss: 1.5, reference: before + each, passes: Infinity },
  ]);
  assert.equal(passesToLowest(runs, a, a).map(({ passes, reference: own }) => passes / own).slice(0, 2), [1, 1]); // prettier-ignore
  throwsWith(() => passesToLowest(runs, { arm: "c", learningRate: 3e-3 }, a), "runs: expected at least one run");
});

test("a loss that is no number is no lowest one", () => {
  const [a, b] = [run("a", 0, [2, 1, NaN]), run("b", 0, [2, NaN, 0.5])];
  assert.equal(passesToLowest([a, b], b, a), [{ seed: 0, loss: 1, reference: 100, passes: 200 }]);
  assert.equal(passesToLowest([a, run("b", 0, [NaN, null])], a, { arm: "b", learningRate: 3e-3 }), []);
});

test("nothing to rank, and nothing spent, are refused", () => {
  throwsWith(() => rankMethods([], passes(1), "a"), "runs: expected at least one run");
  throwsWith(() => rankMethods(two("a", [1], [1]), passes(0), "a"), "spent.most (passes)");
});

test.run();
