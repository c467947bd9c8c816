import { suite } from "uvu";
import * as assert from "uvu/assert";
import { writtenPast } from "../../src/optimizer/past";
import { checkRounds, passesOfRounds, roundsKind } from "../../src/optimizer/rounds";
import { answerAgain } from "../../src/optimizer/run-rounds";
import { throwsWith } from "../support/throws";

const test = suite("optimizer/rounds");
const spec = { kind: "conservative", perturbationScale: 0.5 } as const;
const here = { queries: 1, learningRate: 0.1, step: 0, carried: {} };

test("conservative asks at theta and both ends, then one step ahead and one back", () => {
  const rounds = roundsKind("rounds", spec).run(spec, here);
  assert.equal(rounds.next().value, [[], [{ by: 0.5, query: 0 }], [{ by: -0.5, query: 0 }]]);
  // p = (3 - 1) / (2 * 0.5) = 2: the step is -0.1 * 2 z
  assert.equal(rounds.next([2, 3, 1]).value, [[{ by: -0.2, query: 0 }], [{ by: 0.2, query: 0 }]]);
  assert.equal(passesOfRounds(spec), { once: 3, perQuery: 2 });
});

test("of three points the lowest is taken: ahead, back, or none", () => {
  const weightFor = (ahead: number, back: number): number =>
    answerAgain(spec, here, [2, 3, 1, ahead, back]).weights[0] + 0;
  assert.is(weightFor(1.5, 2.5), 2);
  assert.is(weightFor(2.5, 1.5), -2);
  assert.is(weightFor(2.5, 2.25), 0);
  // Both steps lower the loss: the lower one.
  assert.is(weightFor(1.5, 1), -2);
  assert.is(weightFor(1, 1.5), 2);
  assert.equal(answerAgain(spec, here, [2, 3, 1, 1, 1.5]), { projectedGradients: [2], weights: [2], loss: 2 });
});

test("several queries share the step: weights are p_q / Q", () => {
  // p = 2 and -4 of two queries
  const end = answerAgain(spec, { ...here, queries: 2 }, [2, 3, 1, 0, 4, 1, 9]);
  assert.equal([end.projectedGradients, end.weights], [[2, -4], [1, -2]]); // prettier-ignore
});

test("in turn each query is measured where the ones before have moved", () => {
  const turn = { kind: "in-turn", perturbationScale: 0.5 } as const;
  const rounds = roundsKind("rounds", turn).run(turn, { ...here, queries: 2 });
  assert.equal(rounds.next().value, [[{ by: 0.5, query: 0 }], [{ by: -0.5, query: 0 }]]);
  // p_0 = 3 - 1 = 2: the first block has moved by -0.2 z_0
  const moved = { by: -0.2, query: 0 };
  assert.equal(rounds.next([3, 1]).value, [[moved, { by: 0.5, query: 1 }], [moved, { by: -0.5, query: 1 }]]); // prettier-ignore
  assert.equal(rounds.next([0, 4]).value, { projectedGradients: [2, -4], weights: [2, -4], loss: 2 });
  assert.equal(passesOfRounds(turn), { once: 0, perQuery: 2 });
});

test("guided by low candidates against high ones, the step is measured along their difference", () => {
  const gv = { kind: "guided", perturbationScale: 0.5, elite: 0.5 } as const;
  const rounds = roundsKind("rounds", gv).run(gv, { ...here, queries: 3 });
  assert.equal(rounds.next().value, [0, 1, 2].map((query) => [{ by: 0.5, query }])); // prettier-ignore
  // floor(1.5) = 1 is low, query 1; v = z_1 - (z_0 + z_2) / 2
  const along = (by: number) => [{ by: -by / 2, query: 0 }, { by, query: 1 }, { by: -by / 2, query: 2 }]; // prettier-ignore
  assert.equal(rounds.next([3, 1, 2]).value, [along(0.5), along(-0.5)]);
  assert.equal(rounds.next([1, 5]).value, { projectedGradients: [2, -4, 2], weights: [2, -4, 2], loss: 3 });
  assert.equal(passesOfRounds(gv), { once: 2, perQuery: 1 });
});

test("greedy, the step is measured along the lowest candidate, whose loss ahead is known", () => {
  const greedy = { kind: "guided", perturbationScale: 0.5 } as const;
  const rounds = roundsKind("rounds", greedy).run(greedy, { ...here, queries: 2 });
  rounds.next();
  assert.equal(rounds.next([3, 1]).value, [[{ by: -0.5, query: 1 }]]);
  assert.equal(rounds.next([2]).value, { projectedGradients: [0, -1], weights: [0, -1], loss: 1.5 });
  assert.equal(passesOfRounds(greedy), { once: 1, perQuery: 1 });
  throwsWith(() => checkRounds("rounds", { ...greedy, elite: 1 }), "rounds.elite: expected a share below 1, got 1");
});

test("a population's members are fit against the mean and spread of all of them", () => {
  const spec = { kind: "population", perturbationScale: 0.5 } as const;
  const rounds = roundsKind("rounds", spec).run(spec, { ...here, queries: 2 });
  assert.equal(rounds.next().value, [[{ by: 0.5, query: 0 }], [{ by: -0.5, query: 0 }]]);
  assert.equal(rounds.next([4, 2]).value, [[{ by: 0.5, query: 1 }], [{ by: -0.5, query: 1 }]]);
  // Losses 4, 2, 1, 1: mean 2, variance 1.5; N = 4.
  const by = 2 * Math.sqrt(1.5 + 1e-5);
  assert.equal(rounds.next([1, 1]).value, { projectedGradients: [2, 0], weights: [2 / by, 0], loss: 2 });
  assert.equal(passesOfRounds(spec), { once: 0, perQuery: 2 });
});

test("extrapolated, each query is measured where its own last gradient leads, and one without is measured at theta", () => {
  const spec = { kind: "extrapolated", perturbationScale: 0.5, reach: 2 } as const;
  const rounds = roundsKind("rounds", spec);
  const first = rounds.run(spec, { ...here, step: 6 });
  assert.equal(first.next().value, [[{ by: 0.5, query: 0 }], [{ by: -0.5, query: 0 }]]);
  const past = writtenPast([{ step: 6, numbers: [3] }]);
  assert.equal(first.next([4, 1]).value, { projectedGradients: [3], weights: [3], loss: 2.5, carried: { past } });
  // 2 * 0.1 * 3 back along what moved in step 6; the second query had no number there.
  const next = rounds.run(spec, { ...here, queries: 2, step: 8, carried: { past } });
  const back = { by: -2 * 0.1 * 3, query: 0, step: 6 };
  assert.equal(next.next().value, [
    [back, { by: 0.5, query: 0 }],
    [back, { by: -0.5, query: 0 }],
    [{ by: 0.5, query: 1 }],
    [{ by: -0.5, query: 1 }],
  ]);
  const carried = { past: writtenPast([{ step: 8, numbers: [2, -1] }]) };
  assert.equal(next.next([3, 1, 1, 2]).value, { projectedGradients: [2, -1], weights: [1, -0.5], loss: 1.75, carried });
  assert.equal(passesOfRounds(spec), { once: 0, perQuery: 2 });
  throwsWith(() => checkRounds("rounds", { ...spec, reach: -1 }), "rounds.reach: expected 0 or more, got -1");
});

test("answers that are missing, and settings out of range, are refused", () => {
  throwsWith(
    () => answerAgain(spec, here, [2, 3, 1]),
    "further: expected the answers of each round (5 and more), got 3",
  );
  throwsWith(
    () => checkRounds("rounds", { kind: "bold" } as never),
    'rounds.kind: expected "conservative", "in-turn", "guided", "population" or "extrapolated", got "bold"',
  );
  throwsWith(
    () => checkRounds("rounds", { ...spec, perturbationScale: 0 }),
    "rounds.perturbationScale: expected a positive number, got 0",
  );
});

test.run();
